/** Windows in SQL: minutes, hours or days, as far apart as the points of a graph are. */

/** In the time that is shown. Rows of all scopes: each query names its own. */
export const WINDOWS = 'windows_between($__timeFrom(), $__timeTo(), make_interval(secs => $__interval_ms / 1000.0))'

/** The same as a table, which has no points: by the hour from half a day on, by the day from three weeks on. */
export const WINDOWS_IN_ALL =
  'windows_between($__timeFrom(), $__timeTo(), ($__timeTo()::timestamptz - $__timeFrom()::timestamptz) / 72)'

export const SERVICE = `service ~ '^(\${service:regex})$'`

/** One line per `metric` of a scope. */
export const windowsOverTime = (
  scope: string,
  metric: string,
  value: string,
  only = 'true',
): string => `select $__timeGroupAlias(start, $__interval), ${metric} as metric, ${value} as value
from ${WINDOWS}
where scope = '${scope}' and ${SERVICE} and ${only}
group by 1, 2
order by 1`
