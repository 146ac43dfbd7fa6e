/**
 * `npm run bench [-- SECTION…] [--json] [--save] [--strict]`: figures against a peer in the same run, and against
 * baseline.json. `--save` writes that; `--json` prints one line per figure instead of a table. Exit 1: a floor is missed
 * widely; `--strict`: missed at all, or a ratio is a fifth below the baseline's.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { analyticsSection } from './analytics.ts'
import { balanceSection } from './balance.ts'
import { connectionsSection } from './connections.ts'
import { embeddedSection } from './embedded-log.ts'
import { kafkaSection } from './kafka-log.ts'
import { ghostsSection } from './ghosts.ts'
import { ghostsServedSection } from './ghosts-served.ts'
import type { Figure, Section } from './kit/figure.ts'
import { baselineOf, complaint, judge, merged, type Baseline, type Verdict } from './kit/judge.ts'
import { learnersSection } from './learners.ts'
import { modelSection } from './model.ts'
import { proxySection } from './proxy.ts'
import { shieldSection } from './shield.ts'
import { sinkSection } from './sink.ts'
import { topologySection } from './topology.ts'
import { workersSection } from './workers.ts'
import { yearSection } from './year.ts'

const sections: readonly Section[] = [
  topologySection,
  learnersSection,
  ghostsSection,
  ghostsServedSection,
  modelSection,
  analyticsSection,
  sinkSection,
  yearSection,
  embeddedSection,
  kafkaSection,
  proxySection,
  balanceSection,
  shieldSection,
  connectionsSection,
  workersSection,
]
const BASELINE = fileURLToPath(new URL('baseline.json', import.meta.url))

interface Found {
  readonly figures: readonly Figure[]
  readonly skipped: readonly string[]
}

const runHere = async ({ name, run }: Section): Promise<Found> => {
  const skipped: string[] = []
  const figures = await run((reason) => skipped.push(`${name}: ${reason}`))
  return { figures, skipped }
}

/** A process of its own: neither heap nor compiled code of one section weighs on the next. */
const runApart = async ({ name }: Section): Promise<Found> => {
  const self = fileURLToPath(import.meta.url)
  const args = [...process.execArgv, self, name, '--raw']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the section ${name} has ended with ${code}`)
  return JSON.parse(text) as Found
}

const runAll = async (wanted: readonly Section[]): Promise<Found> => {
  const [only] = wanted
  if (wanted.length === 1 && only !== undefined) return await runHere(only)
  const all: Found[] = []
  for (const section of wanted) {
    process.stderr.write(`${section.name}…\n`)
    all.push(await runApart(section))
  }
  return { figures: all.flatMap(({ figures }) => figures), skipped: all.flatMap(({ skipped }) => skipped) }
}

const percent = (share: number | undefined): string => (share === undefined ? '' : `${Math.round(100 * share)} %`)

const row = ({ figure, ratio, change }: Verdict): Record<string, string | number> => ({
  section: figure.section,
  what: figure.name,
  value: figure.value,
  unit: figure.unit,
  floor: figure.floor === undefined ? '' : `${figure.floor.of === 'ratio' ? 'ratio ' : ''}${figure.floor.at}`,
  'seen/s': figure.seen ?? '',
  peer: figure.peer === undefined ? '' : `${figure.peer.value} ${figure.peer.name}`,
  ratio: ratio === undefined ? '' : Number(ratio.toPrecision(3)),
  'of baseline': percent(change),
})

const load = (): Baseline | undefined =>
  existsSync(BASELINE) ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline) : undefined

const save = (figures: readonly Figure[]): void => {
  const recorded = { date: new Date().toISOString().slice(0, 10), node: process.version, cpu: cpus()[0]?.model ?? '' }
  const baseline = merged(load(), baselineOf(figures, { ...recorded, cores: cpus().length }))
  writeFileSync(BASELINE, `${JSON.stringify(baseline, null, 2)}\n`)
}

const wantedOf = (names: readonly string[]): readonly Section[] => {
  const unknown = names.find((name) => !sections.some((section) => section.name === name))
  if (unknown !== undefined)
    throw new Error(`no section is called ${unknown}; there are: ${sections.map(({ name }) => name).join(', ')}`)
  return names.length === 0 ? sections : sections.filter(({ name }) => names.includes(name))
}

const main = async (): Promise<number> => {
  const flags = {
    json: { type: 'boolean' },
    save: { type: 'boolean' },
    strict: { type: 'boolean' },
    raw: { type: 'boolean' },
  } as const
  const { values, positionals } = parseArgs({ options: flags, allowPositionals: true })
  const found = await runAll(wantedOf(positionals))
  if (values.raw) {
    process.stdout.write(JSON.stringify(found))
    return 0
  }
  const baseline = load()
  const verdicts = found.figures.map((figure) => judge(figure, baseline))
  if (values.json) for (const { figure, ...rest } of verdicts) console.log(JSON.stringify({ ...figure, ...rest }))
  else console.table(verdicts.map(row))
  for (const reason of found.skipped) console.error(`skipped ${reason}`)
  if (values.save) save(found.figures)
  const complaints = verdicts.flatMap((verdict) => complaint(verdict, values.strict === true) ?? [])
  for (const text of complaints) console.error(text)
  return complaints.length > 0 ? 1 : 0
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message)
    process.exit(1)
  },
)
