/** Every query of every panel, against what the processes really export and store: a Postgres, and a Prometheus where it is here. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mergeMetrics, metricsOf } from '../../../deploy/roles/metrics.ts'
import { openPlay, type Play } from './play.ts'
import { prometheusIsHere } from './prometheus.ts'
import { expanded, namesIn, promQueries, recorded, selectorsIn, seriesOf, sqlQueries } from './queries.ts'

let play: Play
beforeAll(async () => {
  play = await openPlay()
})
afterAll(() => play?.close())

interface Declared {
  readonly name: string
  readonly labelNames?: readonly string[]
  get(): Promise<{ type: string; values: readonly { metricName?: string; labels: object }[] }>
}

/** Labels by the name of each series, from the metrics’ own declarations and from what they say. */
const exported = async (): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const found = new Map<string, Set<string>>()
  const add = (name: string, labels: readonly string[]): void =>
    void found.set(name, new Set([...(found.get(name) ?? []), ...labels]))
  for (const metric of play.registry.getMetricsAsArray() as unknown as Declared[]) {
    const { name, labelNames = [] } = metric
    const { type, values } = await metric.get()
    if (type === 'histogram') add(`${name}_bucket`, ['le'])
    for (const part of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) add(name + part, labelNames)
    for (const { metricName = name, labels } of values) add(metricName, Object.keys(labels))
  }
  return found
}

test('every metric and label that a panel or a rule asks for is exported', async () => {
  const known = await exported()
  const scraped = ['job', 'instance']
  const wrong = promQueries().flatMap(({ where, text }) => {
    const names = namesIn(text)
    if (names.length === 0) return [`${where}: asks for no metric`]
    return names.flatMap(({ metric, labels }) => {
      if (metric === 'up')
        return labels.filter((label) => !scraped.includes(label)).map((label) => `${where}: up has no ${label}`)
      const has = known.get(metric)
      if (has === undefined) return [`${where}: there is no ${metric}`]
      return labels
        .filter((label) => !has.has(label) && !scraped.includes(label))
        .map((label) => `${where}: ${metric} has no label ${label}`)
    })
  })
  expect(wrong).toEqual([])
})

test('none of them is left out where the metrics of several processes become one page', async () => {
  const merged = await mergeMetrics([await metricsOf(play.registry), await metricsOf(play.registry)])
  const series = new Set([...merged.matchAll(/^(\w+)(?:\{|\s)/gm)].map(([, name = '']) => name))
  const typed = new Set([...merged.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name))
  const asked = promQueries().flatMap(({ text }) => namesIn(text).map(({ metric }) => metric))
  const gone = asked.filter((metric) => !series.has(metric) && !typed.has(metric) && metric !== 'up')
  expect([...new Set(gone)]).toEqual([])
})

/** Its other side stands in for one that says nothing. */
const hasAlternative = (text: string): boolean => /\bor\b/.test(text)

const panelQueries = promQueries().filter(({ where }) => !where.startsWith('rules.yaml'))

test('every panel selects series that are there, by name and by each of its labels', async () => {
  const series = seriesOf(await play.registry.metrics())
  const empty = panelQueries
    .filter(({ text }) => !hasAlternative(text))
    .flatMap(({ where, text }) => selectorsIn(text).map((selector) => ({ where, selector })))
    .filter(({ selector }) => !series.some(selector.takes))
  expect(empty.map(({ where, selector }) => `${where}: nothing is ${selector.text}`)).toEqual([])
})

if (prometheusIsHere()) {
  /** Rates over the whole play, however slow the machine. */
  const expression = (text: string): string =>
    text.replaceAll('$__rate_interval', '10m').replaceAll('$__range', '1h').replaceAll('$service', '.*')

  /** Nothing to draw is an empty answer, and one of NaN alone. */
  const says = async (text: string): Promise<string> => {
    const variable = /^label_values\((\w+), (\w+)\)$/.exec(text)
    if (variable !== null) {
      const values = await play.prometheus?.labelValues(variable[1] ?? '', variable[2] ?? '')
      return values?.length === 0 ? 'no value' : 'something'
    }
    const found = await play.prometheus?.ask(expression(text)).catch((error: Error) => error)
    if (found instanceof Error) return found.message
    return found?.some(({ value }) => Number.isFinite(value)) === true ? 'something' : 'nothing'
  }

  /** Each must say something once: a look that took too long on a busy machine leaves nothing to draw until the next. */
  const untilAllSay = async (asked: readonly (readonly [where: string, text: string])[]): Promise<void> => {
    let silent: readonly (readonly [where: string, text: string, answer: string])[] = asked.map((one) => [...one, ''])
    const askAgain = async (): Promise<typeof silent> => {
      const said = silent.map(async ([where, text]) => [where, text, await says(text)] as const)
      silent = (await Promise.all(said)).filter(([, , answer]) => answer !== 'something')
      return silent
    }
    await expect.poll(askAgain, { timeout: 50_000, interval: 250 }).toEqual([])
  }

  test('a real Prometheus has something to draw for every query of every panel', async () => {
    await untilAllSay(panelQueries.map(({ where, text }) => [where, text]))
  })

  test('it takes the rules, and keeps what they record', async () => {
    await untilAllSay(recorded().map(({ record }) => ['rules.yaml', record]))
    expect(await play.prometheus?.unwellRules()).toEqual([])
  })
} else console.warn('SKIPPED: the panels over a real Prometheus, which is not here (apt-get install prometheus)')

test('every SQL query runs over what the migrations make, and finds what happened', async () => {
  expect(sqlQueries().length).toBeGreaterThan(10)
  for (const { where, text } of sqlQueries())
    expect([where, (await play.database.query(expanded(text))).length > 0]).toEqual([where, true])
})

test('over months, SQL queries read hours and days', async () => {
  const wide = sqlQueries().filter(({ text }) => text.includes('windows_between'))
  expect(wide.length).toBeGreaterThan(10)
  for (const seconds of [3600, 86_400])
    for (const { where, text } of wide)
      expect([where, seconds, (await play.database.query(expanded(text, seconds))).length > 0]).toEqual([
        where,
        seconds,
        true,
      ])
})

test('open drift is counted in the metrics until somebody resolves it', async () => {
  expect(await play.registry.metrics()).toContain('chaosproxy_drift_open{service="shop",severity="breaking"} 1')
  await play.database.query(`update drift set status = 'resolved'`)
  expect(await play.registry.metrics()).not.toContain('chaosproxy_drift_open{')
})
