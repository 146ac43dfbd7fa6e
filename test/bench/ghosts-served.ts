/**
 * Ghosts over sockets: CPU per request of the ingress with full capture while its backend is dead, by what makes the
 * answer and how much is known. The peer is the same ingress that asks a live backend for the same answers; of exact ones, a
 * Map behind node:http without any capture.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../kit/kafka/config.ts'
import { CASES, documentOf, SIZES, targetsOf, type Case } from './ghosts-book.ts'
import { best, perCore, round, type Cost, type Figure, type Section } from './kit/figure.ts'
import { drive, readsOf, startBackend } from './kit/load.ts'
import { startSubject, type Subject } from './kit/subject.ts'

const section = 'ghosts-served'
const ROUNDS = 5
const WARM = 8000
const REQUESTS = 4000
/** The bar of the exact answers of one core. */
const EXACT = 25_000
/** A made answer is no dearer than one that the backend gives. */
const NO_DEARER = 1
/** A list is made of ten objects for each request: of 100,000 it costs what live proxying does, give or take the noise. */
const LIST = 0.9
/** What was captured last goes to the log within this. */
const SETTLED_MS = 250

interface Known {
  readonly name: string
  readonly size: number
  readonly subject: Subject
}

const LIVE = 'live proxying'
/** The plainest way to answer from memory: a machine as it is now, on which this cannot do it, says nothing about us. */
const MAP = 'a Map behind node:http'

/** Only ghosts know what is not there. */
const statusFor = (name: string, { status }: Case): number => (name === LIVE ? 200 : status)

const measure = async ({ subject, size, name }: Known, one: Case): Promise<Cost> => {
  const requests = readsOf(targetsOf(one, size, REQUESTS), statusFor(name, one))
  const before = await subject.cpu()
  const began = performance.now()
  await drive(subject.port, requests, REQUESTS)
  const seconds = (performance.now() - began) / 1000
  await delay(SETTLED_MS)
  return { micros: ((await subject.cpu()) - before) / REQUESTS, seen: REQUESTS / seconds }
}

const startAll = async (live: string): Promise<Known[]> => {
  const env = { LOG: 'embedded', MODE: 'failover' }
  const all: Known[] = [
    { name: LIVE, size: 1000, subject: await startSubject('ingress.ts', { ...env, BACKEND: live }) },
    { name: MAP, size: 1000, subject: await startSubject('from-memory.ts', { KNOWN: '1000' }) },
  ]
  const dead = `http://127.0.0.1:${await freePort()}`
  for (const size of SIZES) {
    const subject = await startSubject('ingress.ts', { ...env, BACKEND: dead, KNOWN: String(size) })
    all.push({ name: `of ${size}`, size, subject })
  }
  return all
}

/** All subjects in every round, so that a neighbour's noise meets all of them. */
const rounds = async (subjects: readonly Known[], one: Case): Promise<ReadonlyMap<string, Cost>> => {
  const costs = new Map<string, Cost[]>(subjects.map(({ name }) => [name, []]))
  for (const { subject, size, name } of subjects)
    await drive(subject.port, readsOf(targetsOf(one, size, WARM), statusFor(name, one)), WARM)
  for (let n = 0; n < ROUNDS; n++) for (const known of subjects) costs.get(known.name)?.push(await measure(known, one))
  return new Map([...costs].map(([name, some]) => [name, best(some)]))
}

const figuresOf = (what: string, { rule }: Case, costs: ReadonlyMap<string, Cost>): Figure[] => {
  const ghosts = [...costs].filter(([name]) => name !== LIVE && name !== MAP)
  const peerOf = (name: string, of: (cost: Cost) => number): NonNullable<Figure['peer']> => ({
    name,
    value: round(of(costs.get(name) ?? { micros: NaN, seen: NaN })),
  })
  const micros = ({ micros }: Cost): number => micros
  return ghosts.map(([name, cost]): Figure => {
    const common = { section, name: `${what}, ${name}`, seen: round(cost.seen) }
    const exact = {
      unit: '/s and core',
      value: round(perCore(cost)),
      better: 'more',
      peer: peerOf(MAP, perCore),
    } as const
    const made = {
      unit: 'µs CPU/request',
      value: round(cost.micros),
      better: 'less',
      peer: peerOf(LIVE, micros),
    } as const
    return rule === 'exact'
      ? { ...common, ...exact, floor: { of: 'value', at: EXACT } }
      : { ...common, ...made, floor: { of: 'ratio', at: rule === 'list' ? LIST : NO_DEARER } }
  })
}

const run: Section['run'] = async () => {
  const backend = await startBackend(documentOf)
  try {
    const subjects = await startAll(backend.url)
    const figures: Figure[] = []
    for (const [what, one] of Object.entries(CASES)) {
      const asked = subjects.filter(({ name }) => name !== MAP || one.rule === 'exact')
      figures.push(...figuresOf(what, one, await rounds(asked, one)))
    }
    for (const { subject } of subjects) await subject.stop()
    return figures
  } finally {
    backend.close()
  }
}

export const ghostsServedSection: Section = { name: section, run }
