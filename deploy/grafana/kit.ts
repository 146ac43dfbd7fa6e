/** The words in which dashboards are written: a panel is a title, what it answers, its queries and its place. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  type DataSourceRef,
} from '@grafana/grafana-foundation-sdk/common'
import * as common from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  AnnotationQueryBuilder,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PromQueryFormat, DataqueryBuilder as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as HeatmapPanel, YAxisConfigBuilder } from '@grafana/grafana-foundation-sdk/heatmap'
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as GraphPanel } from '@grafana/grafana-foundation-sdk/timeseries'

/** As in provisioning/datasources: dashboards name their sources by these. */
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: 'chaos-proxy-prometheus' }
export const POSTGRES: DataSourceRef = { type: 'grafana-postgresql-datasource', uid: 'chaos-proxy-postgres' }

const TAG = 'chaos-proxy'
/** Of a whole row. */
export const COLUMNS = 24

/** PromQL with the legend of its series. */
export type Query = readonly [expr: string, legend: string]

interface Titled {
  readonly title: string
  /** What an operator learns from it: Grafana shows it at the panel's (i). */
  readonly says: string
  readonly unit?: string
  /** Columns of 24; 12 unless given. */
  readonly width?: number
}

export interface Asking extends Titled {
  readonly queries: readonly Query[]
}

export interface Graph extends Asking {
  readonly stacked?: boolean
  readonly max?: number
}

export interface Stat extends Asking {
  /** Green below the first, yellow from it on, red from the second on; both the same: no yellow. */
  readonly bad?: readonly [warn: number, bad: number]
  /** Red below this, green from it on. */
  readonly good?: number
}

export interface Sql extends Titled {
  readonly sql: string
}

const letter = (index: number): string => String.fromCharCode(65 + index)

const prometheus = ([expr, legend]: Query, index: number): PrometheusQuery =>
  new PrometheusQuery().refId(letter(index)).datasource(PROMETHEUS).expr(expr).legendFormat(legend)

/** The package has no builder for SQL: this is the target as Grafana's own editor writes it. */
const sqlQuery = (rawSql: string, format: 'table' | 'time_series'): Builder<Dataquery> => ({
  build: () => {
    const query = { refId: 'A', datasource: POSTGRES, editorMode: 'code', rawQuery: true, format, rawSql }
    return query as unknown as Dataquery
  },
})

const steps = ({ bad, good }: Stat): ThresholdsConfigBuilder => {
  const absolute = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute)
  const first = { value: null, color: good === undefined ? 'green' : 'red' }
  if (good !== undefined) return absolute.steps([first, { value: good, color: 'green' }])
  if (bad === undefined) return absolute.steps([{ value: null, color: 'text' }])
  const [warn, alarm] = bad
  const yellow = warn === alarm ? [] : [{ value: warn, color: 'yellow' }]
  return absolute.steps([first, ...yellow, { value: alarm, color: 'red' }])
}

const tooltip = (): common.VizTooltipOptionsBuilder =>
  new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending)

const legend = (): common.VizLegendOptionsBuilder =>
  new common.VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)

type Styled<P> = P & {
  title(text: string): P
  description(text: string): P
  span(width: number): P
  unit(u: string): P
}

const titled = <P>(panel: Styled<P>, { title, says, width = 12, unit }: Titled, height: number): P & typeof panel => {
  panel.title(title)
  panel.description(says)
  panel.span(width)
  if (unit !== undefined) panel.unit(unit)
  ;(panel as unknown as { height(rows: number): void }).height(height)
  return panel
}

/** Series over time. */
export const graph = (spec: Graph): GraphPanel => {
  const panel = titled(new GraphPanel(), spec, 8).datasource(PROMETHEUS).tooltip(tooltip()).legend(legend()).min(0)
  if (spec.max !== undefined) panel.max(spec.max)
  if (spec.stacked === true)
    panel.stacking(new common.StackingConfigBuilder().mode(StackingMode.Normal)).fillOpacity(30).lineWidth(1)
  return panel.targets(spec.queries.map(prometheus))
}

/** The newest value, large. */
export const stat = (spec: Stat): StatPanel =>
  titled(new StatPanel(), { width: 4, ...spec }, 4)
    .datasource(PROMETHEUS)
    .thresholds(steps(spec))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .targets(spec.queries.map(prometheus))

/** Buckets of a histogram over time. */
export const heatmap = (spec: Asking): HeatmapPanel =>
  titled(new HeatmapPanel(), spec, 8)
    .datasource(PROMETHEUS)
    .yAxis(new YAxisConfigBuilder().unit('s'))
    .targets(spec.queries.map((query, i) => prometheus(query, i).format(PromQueryFormat.Heatmap)))

/** Rows from the database. */
export const table = (spec: Sql): TablePanel =>
  titled(new TablePanel(), { width: COLUMNS, ...spec }, 9)
    .datasource(POSTGRES)
    .withTarget(sqlQuery(spec.sql, 'table'))

/** A column `time`, one `metric` that names the series, and the values, from the database. */
export const sqlGraph = (spec: Sql): GraphPanel =>
  titled(new GraphPanel(), spec, 8)
    .datasource(POSTGRES)
    .tooltip(tooltip())
    .legend(legend())
    .min(0)
    .withTarget(sqlQuery(spec.sql, 'time_series'))

/** A heading and what stands under it. */
export interface Section {
  readonly heading: string
  readonly panels: readonly Builder<Panel>[]
}

export interface Board {
  /** `chaos-proxy-<name>` is its uid. */
  readonly name: string
  readonly title: string
  readonly says: string
  readonly sections: readonly Section[]
}

const services = (): QueryVariableBuilder =>
  new QueryVariableBuilder('service')
    .label('Service')
    .datasource(PROMETHEUS)
    .query({ query: 'label_values(chaosproxy_upstream_up, service)', refId: 'services' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .includeAll(true)
    .allValue('.*')
    .multi(true)
    .current({ text: 'All', value: '$__all' })

/** Marks on every graph: when an upstream was not asked any more, and when one changed its answers. */
const outages = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Outages')
    .datasource(PROMETHEUS)
    .enable(true)
    .iconColor('red')
    .expr('chaosproxy_upstream_up{service=~"$service"} == 0')
    .titleFormat('{{upstream}} gets no requests')

const DRIFT_MARKS = `select time, summary as text, severity as tags from drift where $__timeFilter(time) and service ~ '^(\${service:regex})$' order by time`

const drifts = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Drift')
    .datasource(POSTGRES)
    .enable(true)
    .iconColor('orange')
    .target(sqlQuery(DRIFT_MARKS, 'table'))

const INCIDENT_MARKS = `select time, ended_at as "timeEnd", sentence as text, kind as tags from anomalies where $__timeFilter(time) and kind <> 'request' and service ~ '^(\${service:regex})$' order by time`

const incidents = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Incidents')
    .datasource(POSTGRES)
    .enable(true)
    .iconColor('red')
    .target(sqlQuery(INCIDENT_MARKS, 'table'))

/** Faults and experiments: what they did is meant. */
const experiments = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Faults on purpose')
    .datasource(PROMETHEUS)
    .enable(true)
    .iconColor('blue')
    .expr('max(chaosproxy_faults_active) > 0')
    .titleFormat('faults on purpose are in force')

/** Where the console is for who looks at the dashboards: typed in once, kept in the link. */
const consoleAt = (): TextBoxVariableBuilder =>
  new TextBoxVariableBuilder('console')
    .label('Console')
    .description('Address of the console, for the links at the top')
    .defaultValue('http://localhost:8000')

const intoConsole = (title: string, path: string): DashboardLinkBuilder =>
  new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(`\${console}${path}`)
    .icon('external link')
    .targetBlank(true)

const links = (): DashboardLinkBuilder[] => [
  intoConsole('Console', '/'),
  intoConsole('API docs', '/admin/docs'),
  new DashboardLinkBuilder('Chaos-Proxy')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .keepTime(true)
    .includeVars(true),
]

/** A dashboard as Grafana reads it from a file. Panels have numbers from 1 on, in their order: links keep working. */
export const dashboard = ({ name, title, says, sections }: Board): object => {
  const made = new DashboardBuilder(`Chaos-Proxy: ${title}`)
    .uid(`chaos-proxy-${name}`)
    .description(says)
    .tags([TAG])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(services())
    .withVariable(consoleAt())
    .annotations([outages(), drifts(), incidents(), experiments()])
    .links(links())
  for (const { heading, panels } of sections) {
    made.withRow(new RowBuilder(heading))
    for (const panel of panels) made.withPanel(panel)
  }
  const { links: to = [], ...built } = made.build()
  // Where the newest Grafana would hide links in a menu, which is what the package says unless told otherwise, they show.
  const shown = to.map((link) => ({ ...link, placement: undefined }))
  return { ...built, links: shown, panels: (built.panels ?? []).map((panel, i) => ({ ...panel, id: i + 1 })) }
}
