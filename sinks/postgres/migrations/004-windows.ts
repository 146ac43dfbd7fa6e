/**
 * Windows of every scope and span: minutes in `windows`, as before, hours and days beside them. What panels add up are
 * numbers in columns of their own; sketches are bytes that reports merge.
 */
const columns = `
  add column scope text not null default 'endpoint',
  add column name text not null default '',
  add column partition integer not null default 0,
  add column closed boolean not null default false,
  add column errors bigint not null default 0,
  add column client_errors bigint not null default 0,
  add column by_ghosts bigint not null default 0,
  add column clients bigint not null default 0,
  add column principals bigint not null default 0,
  add column latency bytea not null default '',
  add column clients_sketch bytea not null default '',
  add column principals_sketch bytea not null default '',
  add column top_paths jsonb not null default '[]',
  add column top_agents jsonb not null default '[]',
  add column top_errors jsonb not null default '[]'`

export const windows = `
alter table windows ${columns};
alter table windows drop constraint windows_pkey;
alter table windows add primary key (endpoint, start, span_seconds, partition);

create table windows_hour (like windows including defaults, primary key (endpoint, start, span_seconds, partition));
create table windows_day (like windows including defaults, primary key (endpoint, start, span_seconds, partition));

-- A rebuild raises it: a sink that still runs then moves no position any more.
alter table sink_offsets add column generation integer not null default 0;
`
