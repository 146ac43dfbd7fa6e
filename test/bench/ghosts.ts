/**
 * What an answer of the ghost book costs, without sockets, from 1,000 to 100,000 known objects and as many exact answers:
 * the largest against the smallest is the peer, since what is known must not be paid for by each request.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { GhostBook, GhostRequest } from '../../schemas/semantics/ghost-port.ts'
import { START } from '../processors/ghosts/given.ts'
import { CASES, openBook, SIZES, targetsOf, type Case } from './ghosts-book.ts'
import { best, costOf, perCore, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'

const section = 'ghosts'
const CALLS = 1000
const ROUNDS = 3
const WARM = 4
/** The bar of the exact answers of one core. */
const EXACT = 25_000
/** A made answer at 100,000 objects may cost little more than at 1,000. */
const FLAT = 0.5

const NOW = START + 3_600_000_000
const requestFor = (target: string): GhostRequest => ({
  service: 'shop',
  method: 'GET',
  target,
  headers: [
    { name: 'user-agent', value: 'bench/1' },
    { name: 'accept', value: 'application/json' },
  ],
  body: undefined,
  principal: '',
  at: NOW,
})

const measure = (known: GhostBook, size: number, one: Case): Cost => {
  const { rule } = one
  const requests = targetsOf(one, size, CALLS).map(requestFor)
  const verdict = known.answer(requests[0] as GhostRequest)
  const found = verdict.kind === 'answer' ? verdict.rule : verdict.detail
  if (found !== rule)
    throw new Error(`the benchmark means an answer by ${rule}, not by ${found}: mend test/bench/ghosts.ts`)
  for (let warm = 0; warm < WARM; warm++) for (const request of requests) known.answer(request)
  const rounds = Array.from({ length: ROUNDS }, () => {
    const read = stopwatch()
    for (const request of requests) known.answer(request)
    return costOf(read(), CALLS)
  })
  return best(rounds)
}

const collect = (): number => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  return process.memoryUsage().heapUsed
}

const figuresOf = (name: string, costs: readonly Cost[]): Figure[] => {
  const [least] = costs
  return costs.map((cost, i) => ({
    section,
    name: `${name}, of ${SIZES[i]}`,
    unit: '/s and core',
    value: round(perCore(cost)),
    better: 'more',
    ...(i === 0 || least === undefined
      ? {}
      : { peer: { name: `of ${SIZES[0]}`, value: round(perCore(least)) }, floor: { of: 'ratio', at: FLAT } }),
    ...(i === 0 && name === 'exact answers' ? { floor: { of: 'value', at: EXACT } } : {}),
    seen: round(cost.seen),
  }))
}

const run = async (): Promise<Figure[]> => {
  const costs = new Map<string, Cost[]>(Object.keys(CASES).map((name) => [name, []]))
  const memory: Figure[] = []
  for (const size of SIZES) {
    const before = collect()
    const known = openBook(size, START)
    const value = round((collect() - before) / size)
    const name = `memory of one object and one exact answer, of ${size}`
    memory.push({ section, name, unit: 'bytes', value, better: 'less' })
    for (const [what, one] of Object.entries(CASES)) costs.get(what)?.push(measure(known, size, one))
  }
  return [...[...costs].flatMap(([name, all]) => figuresOf(name, all)), ...memory]
}

export const ghostsSection: Section = { name: section, run: async () => run() }
