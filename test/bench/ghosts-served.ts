/**
 * Ghosts over sockets: CPU per request of the ingress with full capture while its backend is dead, by what makes the
 * answer and how much is known. The peer is the same ingress that asks a live backend for the same answers.
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
/** What was captured last goes to the log within this. */
const SETTLED_MS = 250

interface Known {
  readonly name: string
  readonly size: number
  readonly subject: Subject
}

const LIVE = 'live proxying'

const measure = async ({ subject, size, name }: Known, one: Case): Promise<Cost> => {
  const requests = readsOf(targetsOf(one, size, REQUESTS), name === LIVE ? 200 : one.status)
  const before = await subject.cpu()
  const began = performance.now()
  await drive(subject.port, requests, REQUESTS)
  const seconds = (performance.now() - began) / 1000
  await delay(SETTLED_MS)
  return { micros: ((await subject.cpu()) - before) / REQUESTS, seen: REQUESTS / seconds }
}

const startAll = async (live: string): Promise<Known[]> => {
  const env = { LOG: 'embedded' }
  const all: Known[] = [
    { name: LIVE, size: 1000, subject: await startSubject('captured.ts', { ...env, BACKEND: live }) },
  ]
  const dead = `http://127.0.0.1:${await freePort()}`
  for (const size of SIZES) {
    const subject = await startSubject('captured.ts', { ...env, BACKEND: dead, KNOWN: String(size) })
    all.push({ name: `of ${size}`, size, subject })
  }
  return all
}

/** All subjects in every round, so that a neighbour's noise meets all of them. */
const rounds = async (subjects: readonly Known[], one: Case): Promise<ReadonlyMap<string, Cost>> => {
  const costs = new Map<string, Cost[]>(subjects.map(({ name }) => [name, []]))
  for (const known of subjects)
    await drive(
      known.subject.port,
      readsOf(targetsOf(one, known.size, WARM), known.name === LIVE ? 200 : one.status),
      WARM,
    )
  for (let n = 0; n < ROUNDS; n++) for (const known of subjects) costs.get(known.name)?.push(await measure(known, one))
  return new Map([...costs].map(([name, some]) => [name, best(some)]))
}

const figuresOf = (what: string, { rule }: Case, costs: ReadonlyMap<string, Cost>): Figure[] => {
  const live = costs.get(LIVE)?.micros ?? NaN
  const ghosts = [...costs].filter(([name]) => name !== LIVE)
  return ghosts.map(([name, { micros, seen }]) => {
    const common = { section, name: `${what}, ${name}`, seen: round(seen) }
    const made: Figure = {
      ...common,
      unit: 'µs CPU/request',
      value: round(micros),
      better: 'less',
      peer: { name: LIVE, value: round(live) },
      floor: { of: 'ratio', at: NO_DEARER },
    }
    return rule === 'exact'
      ? {
          ...common,
          unit: '/s and core',
          value: round(perCore({ micros, seen })),
          better: 'more',
          floor: { of: 'value', at: EXACT },
        }
      : made
  })
}

const run: Section['run'] = async () => {
  const backend = await startBackend(documentOf)
  try {
    const subjects = await startAll(backend.url)
    const figures: Figure[] = []
    for (const [what, one] of Object.entries(CASES)) figures.push(...figuresOf(what, one, await rounds(subjects, one)))
    for (const { subject } of subjects) await subject.stop()
    return figures
  } finally {
    backend.close()
  }
}

export const ghostsServedSection: Section = { name: section, run }
