/** A simulated year in SQL: a hundred endpoints, their service, two upstreams; days, hours, the last day's minutes, exchanges. */
const scopes = `(select 'shop GET /things-' || n || '/{id}' as id, 'endpoint' as scope, '' as name, 0.02 as weight from generate_series(1, 100) n
  union all select 'shop', 'service', '', 1
  union all select 'shop upstream u' || n, 'upstream', 'u' || n, 0.5 from generate_series(1, 2) n
  union all select 'shop answered-by ' || n, 'answered-by', n, 0.5 from unnest(array['upstream', 'ghost', 'self', 'limiter']) n
  union all select 'shop status ' || n, 'status-class', n, 0.3 from unnest(array['2xx', '4xx', '5xx']) n) s`

/** Busier at noon than at night; sketches of the sizes that such traffic makes. */
const windows = (table: string, seconds: number, since: string, sketch: number): string => `
insert into ${table} (endpoint, service, scope, name, start, span_seconds, closed, count, late, errors, client_errors, by_ghosts,
  statuses, answered_by, upstreams, request_bytes, response_bytes, latency_sum_us, p50_us, p95_us, p99_us, clients, principals,
  latency, clients_sketch, log_key, log_offset)
select s.id, 'shop', s.scope, s.name, t, ${seconds}, true, c, 0, c / 100, c / 50, c / 200,
  '{"200": 90, "404": 2, "500": 1}', '{"upstream": 92, "ghost": 1}', '{"u1": 46, "u2": 46}', c * 200, c * 1500, c * 20000,
  15000 + 5000 * random(), 60000 + 20000 * random(), 120000 + 50000 * random(), 100, 40,
  decode(repeat(md5(t::text), ${sketch}), 'hex'), decode(repeat(md5(s.id), ${sketch}), 'hex'), s.id || '@' || t, 0
from generate_series(date_trunc('day', now()) - interval '${since}', now(), make_interval(secs => ${seconds})) t, ${scopes},
  lateral (select (s.weight * ${seconds} * 20 * (1.2 + sin(extract(hour from t) / 4)))::bigint as c) counted`

const exchanges = `
insert into exchanges select now() - interval '7 days' * random(), 'x' || n, 'shop', 'shop GET /things-' || n % 100 || '/{id}', 'GET', '/things/' || n, '',
  'HTTP/1.1', case when n % 50 = 0 then 503 else 200 end, case when n % 50 = 0 then 'ghost' else 'upstream' end, case when n % 50 = 0 then 'unavailable' else '' end,
  'u1', 'c', '', 1, true, false, '', null, null, null, 1, 1, 1, 20000, 200, 1500, '', 'application/json', '', '', 'i', n, 'year', 0, n
from generate_series(1, 400000) n`

/** Statement by statement; the last ones are what a server that runs does by itself. */
export const aYear: readonly string[] = [
  windows('windows_day', 86_400, '365 days', 40),
  windows('windows_hour', 3600, '365 days', 8),
  windows('windows', 60, '1 day', 8),
  exchanges,
  'vacuum analyze',
]
