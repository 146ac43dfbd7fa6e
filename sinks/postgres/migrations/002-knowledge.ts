/** What was learned: the newest record of each key, by its offset. */
export const knowledge = `
create table endpoints (
  id text primary key,
  service text not null,
  method text not null,
  template text not null,
  parameters jsonb not null,
  count bigint not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  merged_into text not null,
  fidelity double precision,
  fidelity_count bigint not null,
  log_key text not null,
  log_offset bigint not null
);

create table windows (
  endpoint text not null,
  service text not null,
  start timestamptz not null,
  span_seconds integer not null,
  count bigint not null,
  late bigint not null,
  statuses jsonb not null,
  answered_by jsonb not null,
  upstreams jsonb not null,
  request_bytes bigint not null,
  response_bytes bigint not null,
  latency_sum_us bigint not null,
  p50_us double precision not null,
  p95_us double precision not null,
  p99_us double precision not null,
  log_key text not null,
  log_offset bigint not null,
  primary key (endpoint, start, span_seconds)
);
create index windows_by_start on windows (start desc);
create index windows_by_key on windows (log_key);

create table drift (
  id text primary key,
  time timestamptz not null,
  endpoint text not null,
  service text not null,
  kind text not null,
  pointer text not null,
  severity text not null,
  confidence double precision not null,
  before text not null,
  after text not null,
  exchange_id text not null,
  exchange_offset bigint not null,
  status text not null,
  upstreams jsonb not null,
  summary text not null,
  log_key text not null,
  log_offset bigint not null
);
create index drift_by_time on drift (time desc);

create table anomalies (
  id text primary key,
  time timestamptz not null,
  ended_at timestamptz,
  endpoint text not null,
  service text not null,
  kind text not null,
  severity double precision not null,
  score double precision not null,
  sentence text not null,
  details text not null,
  log_key text not null,
  log_offset bigint not null
);
create index anomalies_by_time on anomalies (time desc);

create table activations (
  id text primary key,
  started_at timestamptz not null,
  last_at timestamptz not null,
  ended_at timestamptz,
  endpoint text not null,
  service text not null,
  reason text not null,
  answers jsonb not null,
  refused bigint not null,
  log_key text not null,
  log_offset bigint not null
);
create index activations_by_start on activations (started_at desc, id desc);
`
