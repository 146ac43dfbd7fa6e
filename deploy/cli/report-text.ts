/** A report for people: as text of at most 100 columns for a terminal, or as Markdown for a page. Pure. */
import type { Report } from '../../sinks/console/reports/report.ts'
import { harmless, type Paint } from './terminal.ts'

/** Endpoints that are shown; the JSON has more. */
const SHOWN = 10
const NAME = 42

const count = (n: number): string => Math.round(n).toLocaleString('en-US')
const percent = (n: number): string => `${(100 * n).toFixed(n >= 0.1 || n === 0 ? 0 : n < 0.001 ? 2 : 1)} %`
const rate = (n: number): string => `${n >= 10 ? Math.round(n) : n >= 0.1 ? n.toFixed(1) : n.toPrecision(1)}/s`
const ms = (n: number): string =>
  n >= 1000 ? `${(n / 1000).toFixed(1)} s` : `${n >= 10 ? Math.round(n) : n.toFixed(1)} ms`
const plural = (n: number, one: string): string => `${count(n)} ${one}${n === 1 ? '' : 's'}`

const seconds = (n: number): string => {
  if (n < 120) return `${n} s`
  return n < 7200 ? `${Math.round(n / 60)} min` : `${(n / 3600).toFixed(1)} h`
}

const uptime = (n: number): string =>
  n === 1 ? '100 %' : `${(Math.floor(n * 1e5) / 1e3).toFixed(n > 0.999 ? 3 : 2)} %`
const clock = (iso: string): string => iso.slice(11, 16)
const cut = (name: string): string => {
  const text = harmless(name)
  return text.length > NAME ? `${text.slice(0, NAME - 1)}…` : text
}

const titleOf = ({ period, start, end, until, service }: Report): string => {
  const date = new Date(start).toLocaleDateString('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
  const time =
    period === 'hour' ? `, ${clock(start)} to ${clock(until)} UTC` : until < end ? `, until ${clock(until)} UTC` : ''
  return `${date}${time}${service === null ? '' : `, ${service} only`}`
}

const against = ({ period, total, before }: Report): string => {
  if (before === null) return ''
  const change = total.requests / before.requests - 1
  const word = period === 'day' ? 'the day before' : 'the hour before'
  if (Math.abs(change) < 0.005) return `as ${word}`
  return `${change > 0 ? '+' : '−'}${Math.abs(change) > 10 ? `${Math.round(100 * Math.abs(change))}` : (100 * Math.abs(change)).toFixed(0)} % on ${word}`
}

/** Lines that are shown of each list. */
const LINES = 4

type Line = readonly [label: string, words: string]

/** The label stands before the first line only. */
const listed = (label: string, all: readonly string[]): Line[] => {
  const left = all.length - LINES
  const shown = left > 1 ? [...all.slice(0, LINES), `and ${left} more`] : all
  return shown.map((words, i) => [i === 0 ? label : '', words])
}

const WIDE = 84
const short = (text: string): string => {
  const words = harmless(text)
  return words.length > WIDE ? `${words.slice(0, WIDE - 1)}…` : words
}

/** `200 4,820   404 120`: the most frequent first. */
const answersOf = ({ total: { statuses } }: Report): Line[] => {
  const ranked = Object.entries(statuses).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const said = ranked.slice(0, 6).map(([status, times]) => `${status} ${count(times)}`)
  return said.length === 0 ? [] : [['Answers', said.join('   ')]]
}

const ghostLines = ({ ghosts }: Report): Line[] => {
  if (ghosts.activations === 0) return []
  const { activations, seconds: lasted, answers, refused } = ghosts
  const all = `${plural(activations, 'activation')}, ${seconds(lasted)} in all, ${plural(answers, 'answer')}, ${count(refused)} refused`
  const longest = ghosts.items.toSorted((a, b) => b.seconds - a.seconds)
  const each = longest.map(
    (one) =>
      `${clock(one.started_at)}   ${one.ended_at === null ? 'goes on' : `for ${seconds(one.seconds)}`}   ${one.reason}, ${plural(one.answers, 'answer')}, ${count(one.refused)} refused, ${plural(one.endpoints, 'endpoint')}`,
  )
  return [['Ghosts', all], ...(each.length > 1 ? listed('', each) : [])]
}

const incidentLines = ({ incidents }: Report): Line[] =>
  listed(
    'Unusual',
    incidents.map(({ sentence, ended_at: ended }) => `${ended === null ? 'goes on   ' : ''}${short(sentence)}`),
  )

const errorLines = ({ top_errors: errors }: Report): Line[] =>
  listed(
    'Said',
    errors.slice(0, LINES).map(({ name, count: times }) => `${count(times)} x ${short(name)}`),
  )

/** Label and words of each line that is about the whole. */
const facts = (report: Report): Line[] => {
  const { total, peak, lowest, upstreams, movers, period } = report
  const part = period === 'day' ? 'hour' : 'minute'
  const lines: Line[] = [
    ['Requests', [count(total.requests), rate(total.rate), against(report)].filter((w) => w !== '').join('   ')],
    ['Errors', `${count(total.errors)}   ${percent(total.error_share)} reached clients`],
  ]
  if (total.by_ghosts > 0)
    lines.push([
      '',
      `${count(total.errors_without_ghosts)}   ${percent(total.errors_without_ghosts / Math.max(1, total.requests))} would have, without ghosts`,
    ])
  lines.push(
    ...answersOf(report),
    ['Latency', `p50 ${ms(total.p50_ms)}   p95 ${ms(total.p95_ms)}   p99 ${ms(total.p99_ms)}`],
    ['Clients', `${count(total.clients)}${total.principals > 0 ? `   ${plural(total.principals, 'known user')}` : ''}`],
  )
  if (peak !== null)
    lines.push(['Peak', `${part} of ${clock(peak.start)}   ${plural(peak.requests, 'request')}   ${rate(peak.rate)}`])
  if (lowest !== null)
    lines.push(['Lowest', `${part} of ${clock(lowest.start)}   ${plural(lowest.requests, 'request')}`])
  movers.forEach(({ endpoint, sentence }, i) => lines.push([i === 0 ? 'Moved' : '', `${cut(endpoint)}  ${sentence}`]))
  upstreams.forEach(({ upstream, uptime: up, down_seconds, outages }, i) => {
    const down = outages === 0 ? '' : `   down ${seconds(down_seconds)} in ${plural(outages, 'outage')}`
    lines.push([i === 0 ? 'Upstreams' : '', `${cut(upstream)}   ${uptime(up)}${down}`])
  })
  lines.push(...ghostLines(report), ...incidentLines(report), ...errorLines(report))
  return lines
}

const HEAD = ['Endpoint', 'requests', 'errors', 'p50', 'p95', 'p99', 'clients'] as const

const rowsOf = ({ endpoints }: Report): string[][] =>
  endpoints
    .slice(0, SHOWN)
    .map((e) => [
      cut(e.endpoint),
      count(e.requests),
      percent(e.error_share),
      ms(e.p50_ms),
      ms(e.p95_ms),
      ms(e.p99_ms),
      count(e.clients),
    ])

const more = ({ endpoints_in_all: all }: Report): string[] =>
  all > SHOWN ? [`and ${plural(all - SHOWN, 'endpoint')} more: --format json`] : []

const aligned = (rows: readonly (readonly string[])[]): string[] => {
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)))
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
}

const EMPTY = 'Nothing passed in this time.'

export const reportText = (report: Report, paint: Paint): string[] => {
  const title = paint('bold', titleOf(report))
  if (report.total.requests === 0) return ['', `  ${title}`, '', `  ${EMPTY}`, '']
  const said = facts(report).map(([label, words]) => `  ${paint('dim', label.padEnd(11))}${words}`)
  const [head = '', ...rows] = aligned([HEAD, ...rowsOf(report)])
  const table = [paint('dim', head), ...rows, ...more(report)].map((line) => `  ${line}`)
  return ['', `  ${title}`, '', ...said, '', ...table, '']
}

const escaped = (cell: string): string => cell.replaceAll('|', '\\|')
const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`

/** Words come from traffic, too: none of them is markup. */
const plain = (words: string): string => words.replaceAll('<', '&lt;')

export const reportMarkdown = (report: Report): string[] => {
  const title = `# ${titleOf(report)}`
  if (report.total.requests === 0) return [title, '', EMPTY]
  const said = facts(report).map(([label, words]) =>
    label === '' ? `  ${plain(words)}  ` : `- **${label}**: ${plain(words)}`,
  )
  const rule = `| --- |${' ---: |'.repeat(HEAD.length - 1)}`
  return [title, '', ...said, '', line(HEAD), rule, ...rowsOf(report).map(line), ...more(report).map((m) => `\n${m}`)]
}
