/** Dashboards and rules as lists of queries, and what a query names. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'

const deploy = new URL('../../../deploy/', import.meta.url)

export interface Target {
  readonly refId?: string
  readonly expr?: string
  readonly rawSql?: string
  readonly legendFormat?: string
  readonly datasource?: { readonly type: string; readonly uid: string }
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
  readonly links: readonly { readonly type: string; readonly url?: string }[]
  readonly annotations: { readonly list: readonly { readonly expr?: string; readonly target?: Target }[] }
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[]
  }
}

/** As Grafana reads them: by file name. */
export const dashboards = (): ReadonlyMap<string, Dashboard> => {
  const folder = new URL('grafana/dashboards/', deploy)
  return new Map(
    readdirSync(folder).map((file) => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Dashboard]),
  )
}

interface Recorded {
  readonly record: string
  readonly expr: string
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

const allRules = (): readonly (Rule | Recorded)[] => {
  const text = readFileSync(new URL('prometheus/rules.yaml', deploy), 'utf8')
  return (parse(text) as { groups: { rules: (Rule | Recorded)[] }[] }).groups.flatMap((group) => group.rules)
}

/** Alerts. */
export const rules = (): readonly Rule[] => allRules().filter((rule) => 'alert' in rule)

/** What is worked out once and kept under a name of its own. */
export const recorded = (): readonly Recorded[] => allRules().filter((rule) => 'record' in rule)

export interface Asked {
  readonly where: string
  readonly text: string
}

/** Every PromQL expression with its place. */
export const promQueries = (): readonly Asked[] => [
  ...[...dashboards()].flatMap(([file, { panels, annotations, templating }]) => [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr }) => (expr === undefined ? [] : [{ where: `${file}: ${title}`, text: expr }])),
    ),
    ...annotations.list.flatMap(({ expr }) =>
      expr === undefined ? [] : [{ where: `${file}: annotation`, text: expr }],
    ),
    ...templating.list.flatMap(({ name, query }) =>
      typeof query === 'string' ? [] : [{ where: `${file}: variable ${name}`, text: query.query }],
    ),
  ]),
  ...rules().map(({ alert, expr }) => ({ where: `rules.yaml: ${alert}`, text: expr })),
  ...recorded().map(({ record, expr }) => ({ where: `rules.yaml: ${record}`, text: expr })),
]

/** Every SQL query with its place. */
export const sqlQueries = (): readonly Asked[] =>
  [...dashboards()].flatMap(([file, { panels, annotations }]) => [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ rawSql }) => (rawSql === undefined ? [] : [{ where: `${file}: ${title}`, text: rawSql }])),
    ),
    ...annotations.list.flatMap(({ target }) =>
      target?.rawSql === undefined ? [] : [{ where: `${file}: annotation`, text: target.rawSql }],
    ),
  ])

export interface Named {
  readonly metric: string
  readonly labels: readonly string[]
}

const LABELS = /([a-z_]\w*)\s*(?:=~|!~|!=|=)/gi

const words = (list: string): string[] => list.split(',').map((word) => word.trim())

/** Metrics with the labels that are asked of them; labels of `by (…)` are asked of every metric of the expression. */
export const namesIn = (expr: string): readonly Named[] => {
  const quiet = expr.replaceAll(/"[^"]*"/g, '""')
  const grouped = [...quiet.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => words(list))
  const variable = /label_values\([^,]+,\s*(\w+)\)/.exec(quiet)?.[1]
  const wanted = variable === undefined ? grouped : [...grouped, variable]
  return [...quiet.matchAll(/\b(chaosproxy_\w+|up)\b(?!\s*\()(?:\s*\{([^}]*)\})?/g)].map(
    ([, metric = '', matchers = '']) => ({
      metric,
      labels: [...[...matchers.matchAll(LABELS)].map(([, label = '']) => label), ...wanted],
    }),
  )
}

interface Line {
  readonly metric: string
  readonly labels: ReadonlyMap<string, string>
}

/** The series of a page of metrics, as Prometheus would keep them. */
export const seriesOf = (page: string): readonly Line[] =>
  [...page.matchAll(/^([a-z_]\w*)(?:\{(.*)\})? \S+$/gim)].map(([, metric = '', labels = '']) => ({
    metric,
    labels: new Map(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]),
    ),
  }))

const MATCHER = /([a-z_]\w*)\s*(=~|!~|!=|=)\s*"([^"]*)"/gi

/** What an expression selects: a metric, and what its labels must be. */
export const selectorsIn = (
  expr: string,
): readonly { readonly text: string; readonly takes: (line: Line) => boolean }[] =>
  [...expr.replaceAll('$service', '.*').matchAll(/\b(chaosproxy_\w+)(?:\s*\{([^}]*)\})?/g)].map(
    ([text, metric = '', inside = '']) => {
      const matchers = [...inside.matchAll(MATCHER)]
      const holds = (labels: ReadonlyMap<string, string>, [, label = '', how = '', wanted = '']: string[]): boolean => {
        const value = labels.get(label) ?? ''
        const isSuch = how.includes('~') ? new RegExp(`^(?:${wanted})$`).test(value) : value === wanted
        return isSuch !== how.startsWith('!')
      }
      return { text, takes: (line) => line.metric === metric && matchers.every((one) => holds(line.labels, one)) }
    },
  )

/** What Grafana shows where points are `seconds` apart: a graph has about a thousand of them. Some are yet to come. */
const shown = (seconds: number): { readonly from: string; readonly to: string } => {
  const [from, to] = [Date.now() - 900_000 * seconds, Date.now() + 30_000 * seconds]
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}

/** SQL as Grafana's Postgres source sends it: https://grafana.com/docs/grafana/latest/datasources/postgres/#macros */
export const expanded = (sql: string, seconds = 60, { from, to } = shown(seconds)): string =>
  sql
    .replaceAll('$__timeFrom()', `'${from}'`)
    .replaceAll('$__timeTo()', `'${to}'`)
    .replaceAll('$__interval_ms', String(1000 * seconds))
    .replaceAll(/\$__timeFilter\(([^)]+)\)/g, `$1 between '${from}' and '${to}'`)
    .replaceAll(
      /\$__timeGroupAlias\(([^,]+),\s*\$__interval\)/g,
      `floor(extract(epoch from $1) / ${seconds}) * ${seconds} as "time"`,
    )
    // eslint-disable-next-line no-template-curly-in-string
    .replaceAll('${service:regex}', '.*')
