/**
 * What dashboards ask of weeks and years costs what is shown, not what is kept: the widest windows that still make a graph,
 * and of exchanges those only that no upstream answered, by an index that holds all that is asked of them.
 */
import type { Storage } from './005-storage.ts'

/** As 005 has it, but by the time that is shown, too: nobody reads a week by the minute, or a quarter by the hour. */
const between = `
create or replace function windows_between(since timestamptz, until timestamptz, step interval) returns setof windows language sql stable as $$
  select * from windows where step < interval '10 minutes' and until - since <= interval '3 days' and start >= since and start < until
  union all
  select * from windows_hour where (step >= interval '10 minutes' or until - since > interval '3 days')
    and step < interval '6 hours' and until - since <= interval '45 days' and start >= since and start < until
  union all
  select * from windows_day where (step >= interval '6 hours' or until - since > interval '45 days') and start >= since and start < until
$$;
`

/** The index of 007, with the columns beside it. */
const index = `
do $$ declare old text; begin
  for old in select i.indexrelid::regclass::text from pg_index i
    where i.indrelid = 'exchanges'::regclass and i.indnatts = 1 and pg_get_expr(i.indpred, i.indrelid) like '%upstream%'
  loop
    execute 'drop index ' || old;
  end loop;
end $$;
create index on exchanges (time) include (service, answered_by, why, status) where answered_by <> 'upstream';
`

const answers = (from: string, count: string, last: string, only: string): string => `
  select a.service, a.answered_by, a.why, a.status, ${count}::bigint, max(a.${last}) from ${from} a
  where a.time >= since and a.time < until and a.answered_by <> 'upstream' and ${only} group by 1, 2, 3, 4`

const unanswered = (body: string): string => `
create function unanswered_between(since timestamptz, until timestamptz)
returns table (service text, answered_by text, why text, status integer, requests bigint, last timestamptz) language sql stable as $$
${body}
$$;
`

/** Aggregates are as coarse as their hours and days, and know what exchanges do not reach back to. */
const bodies: Readonly<Record<Storage, string>> = {
  plain: answers('exchanges', 'count(*)', 'time', 'true'),
  timescale: [
    answers('exchanges', 'count(*)', 'time', `until - since <= interval '2 days'`),
    answers(
      'answers_hour',
      'sum(a.requests)',
      'last',
      `until - since > interval '2 days' and until - since <= interval '45 days'`,
    ),
    answers('answers_day', 'sum(a.requests)', 'last', `until - since > interval '45 days'`),
  ].join('\n  union all'),
}

export const overview = (storage: Storage): string => `${between}${index}${unanswered(bodies[storage])}`
