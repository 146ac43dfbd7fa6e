/**
 * Big tables are cut by time, so that what is old is dropped and not deleted: hypertables where the Timescale extension is
 * installed in the database, declarative partitions elsewhere. The same names and columns either way: one set of
 * queries serves both, and PGlite.
 */
/** `timescale`: the extension is installed in this database; looked at when a migration is applied. */
export type Storage = 'plain' | 'timescale'

/** Tables with the column that cuts them, and the span of a piece. */
const cut = [
  { table: 'exchanges', column: 'time', span: '1 day' },
  { table: 'signals', column: 'time', span: '7 days' },
  { table: 'windows', column: 'start', span: '7 days' },
  { table: 'windows_hour', column: 'start', span: '28 days' },
] as const

/** What is there becomes the default partition: nothing is copied, and it also takes what no other piece is made for. */
const partitioned = ({ table, column }: (typeof cut)[number]): string => `
alter table ${table} rename to ${table}_default;
alter table ${table}_default rename constraint ${table}_pkey to ${table}_default_pkey;
create table ${table} (like ${table}_default including defaults) partition by range (${column});
`

const keys = {
  exchanges: 'log_topic, log_partition, log_offset, time',
  signals: 'log_topic, log_partition, log_offset, time',
  windows: 'endpoint, start, span_seconds, partition',
  windows_hour: 'endpoint, start, span_seconds, partition',
} as const

/** Parents' indexes: those of the default partition that are alike become part of them. */
const attached = ({ table }: (typeof cut)[number]): string => `
alter table ${table} add primary key (${keys[table]});
alter table ${table} attach partition ${table}_default default;
`

const indexes = `
create index on exchanges (time desc, id desc);
create index on exchanges (id);
create index on signals (time desc);
create index on windows (start desc);
create index on windows (log_key);
`

/** Those of 001 and 002 under the same definitions stand already where the tables stay what they are. */
const newIndexes = `
create index on windows (scope, start);
create index on windows_hour (scope, start);
create index on windows_hour (log_key);
create index on windows_day (scope, start);
create index on windows_day (log_key);
`

/**
 * keep_partitions(table, span, since, ahead): makes the pieces from now to \`ahead\`, takes in what the default one holds of
 * them, drops what is older than \`since\`. Can be called by anybody, any time.
 */
const keepPartitions = `
create function keep_partitions(parent text, span interval, since timestamptz, ahead timestamptz) returns void language plpgsql as $$
declare
  part text;
  col text;
  lower_end timestamptz;
begin
  perform pg_advisory_xact_lock(7205770);
  select a.attname into col from pg_partitioned_table p
    join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
    where p.partrelid = parent::regclass;
  lower_end := date_bin(span, now(), '2000-01-03 00:00:00+00');
  while lower_end < ahead loop
    part := parent || '_' || to_char(lower_end at time zone 'UTC', 'YYYYMMDD');
    if to_regclass(part) is null then
      execute format('create table %I (like %I including defaults including constraints)', part, parent);
      execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
        parent || '_default', col, lower_end, col, lower_end + span, part);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, lower_end, lower_end + span);
    end if;
    lower_end := lower_end + span;
  end loop;
  for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = parent::regclass and c.relname <> parent || '_default'
      and to_timestamp(right(c.relname, 8) || '+00', 'YYYYMMDDTZH') + span <= since
  loop
    execute format('drop table %I', part);
  end loop;
  execute format('delete from %I where %I < %L', parent || '_default', col, since);
end $$;
`

/** Who answered what, and why, by the hour and by the day. */
const answers = (time: string, from: string, sums: string): string => `
select ${time} as time, service, endpoint, answered_by, why, status, ghost_kind, ${sums}
from ${from}
group by 1, 2, 3, 4, 5, 6, 7`
const ofExchanges = `count(*) as requests, sum(total_us) as total_us, sum(ghost_confidence) as confidence,
  min(ghost_confidence) as least_confidence, min(time) as first, max(time) as last`
const ofHours = `sum(requests) as requests, sum(total_us) as total_us, sum(confidence) as confidence,
  min(least_confidence) as least_confidence, min(first) as first, max(last) as last`

const plainViews = `
create view answers_hour as ${answers(`date_bin('1 hour', time, '2000-01-03 00:00:00+00')`, 'exchanges', ofExchanges)};
create view answers_day as ${answers(`date_bin('1 day', time, '2000-01-03 00:00:00+00')`, 'answers_hour', ofHours)};
`

/** Each statement is in the documentation of Timescale 2; nothing else of it is used. */
const hypertable = ({ table, column, span }: (typeof cut)[number]): string => `
select create_hypertable('${table}', by_range('${column}', interval '${span}'), migrate_data => true);
`
const compressed = (table: string, segment: string, column: string, after: string): string => `
alter table ${table} set (timescaledb.compress, timescaledb.compress_segmentby = '${segment}', timescaledb.compress_orderby = '${column} desc');
select add_compression_policy('${table}', compress_after => interval '${after}');
`
const aggregate = (name: string, query: string, start: string, end: string): string => `
create materialized view ${name} with (timescaledb.continuous, timescaledb.materialized_only = false) as ${query} with no data;
select add_continuous_aggregate_policy('${name}', start_offset => interval '${start}', end_offset => interval '${end}', schedule_interval => interval '30 minutes');
`

const timescale = [
  ...cut.map(hypertable),
  compressed('exchanges', 'service', 'time', '1 day'),
  compressed('signals', 'service', 'time', '7 days'),
  compressed('windows', 'endpoint', 'start', '7 days'),
  compressed('windows_hour', 'endpoint', 'start', '28 days'),
  aggregate('answers_hour', answers(`time_bucket('1 hour', time)`, 'exchanges', ofExchanges), '3 days', '1 hour'),
  aggregate('answers_day', answers(`time_bucket('1 day', time)`, 'answers_hour', ofHours), '7 days', '1 day'),
].join('')

/** Windows of the span that a graph with points so far apart wants. */
const between = `
create function windows_between(since timestamptz, until timestamptz, step interval) returns setof windows language sql stable as $$
  select * from windows where step < interval '10 minutes' and start >= since and start < until
  union all
  select * from windows_hour where step >= interval '10 minutes' and step < interval '6 hours' and start >= since and start < until
  union all
  select * from windows_day where step >= interval '6 hours' and start >= since and start < until
$$;
`

export const storage = (kind: Storage): string =>
  kind === 'timescale'
    ? `${newIndexes}${timescale}${between}`
    : `${cut.map(partitioned).join('')}${cut.map(attached).join('')}${indexes}${newIndexes}${keepPartitions}${plainViews}${between}`
