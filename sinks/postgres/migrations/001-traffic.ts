/** What passed: one row per exchange and signal. Bodies stay on the log, at (log_topic, log_partition, log_offset). */
export const traffic = `
create table sink_offsets (
  sink text not null,
  topic text not null,
  partition integer not null,
  position bigint not null,
  updated_at timestamptz not null default now(),
  primary key (sink, topic, partition)
);

create table exchanges (
  time timestamptz not null,
  id text not null,
  service text not null,
  endpoint text,
  method text not null,
  path text not null,
  query text not null,
  protocol text not null,
  status integer not null,
  answered_by text not null,
  why text not null,
  upstream text not null,
  client text not null,
  principal text not null,
  attempts integer not null,
  complete boolean not null,
  replayed boolean not null,
  faults text not null,
  ghost_kind text,
  ghost_confidence double precision,
  ghost_activation text,
  queue_us bigint not null,
  connect_us bigint not null,
  first_byte_us bigint not null,
  total_us bigint not null,
  request_bytes bigint not null,
  response_bytes bigint not null,
  request_type text not null,
  response_type text not null,
  request_id text not null,
  traceparent text not null,
  instance text not null,
  sequence bigint not null,
  log_topic text not null,
  log_partition integer not null,
  log_offset bigint not null,
  primary key (log_topic, log_partition, log_offset, time)
);
create index exchanges_by_time on exchanges (time desc, id desc);
create index exchanges_by_id on exchanges (id);

create table signals (
  time timestamptz not null,
  id text not null,
  service text not null,
  kind text not null,
  subject text not null,
  from_state text not null,
  to_state text not null,
  reason text not null,
  count bigint not null,
  instance text not null,
  log_topic text not null,
  log_partition integer not null,
  log_offset bigint not null,
  primary key (log_topic, log_partition, log_offset, time)
);
create index signals_by_time on signals (time desc);

create table dead_letters (
  time timestamptz not null,
  source_topic text not null,
  source_partition integer not null,
  source_offset bigint not null,
  stage text not null,
  processed_by text not null,
  reason text not null,
  bytes bigint not null,
  log_topic text not null,
  log_partition integer not null,
  log_offset bigint not null,
  primary key (log_topic, log_partition, log_offset, time)
);
`
