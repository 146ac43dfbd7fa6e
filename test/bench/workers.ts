/**
 * What `ingress --workers 2` makes of two cores, on the embedded log (Linux: the processes are asked what they spent).
 *
 * A generator and a backend on the same two cores leave no room to see it on the clock: what a second worker could do with a
 * core, they do. So CPU is counted. The ingress with all its processes has one core, generator and backend have the other
 * (taskset, where it is there), with one worker as with two: the same share of the machine, and busy loops in both, since
 * the generator is the faster. What a request costs there says how many a second two cores carry if nothing stands still;
 * and no process is on two cores at once, so the busiest one is a bound too, which is where a bad balance of the connections
 * would show. Both ingresses run at the same time and are driven in turn, so that neighbours weigh on both; the figures are
 * those of the cheapest pair of rounds. `seen` is the clock's word for the same rounds, one core each.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCli, type Cli } from '../e2e/kit/cli.ts'
import { round, type Figure, type Section } from './kit/figure.ts'
import { drive, startBackend } from './kit/load.ts'

const section = 'workers'
const REQUESTS = 20_000
/** The writer's code runs once in many requests, and is compiled late. */
const WARM_UP = 40_000
const ROUNDS = 5

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)

/** µs on a core, of all threads. */
const spentBy = (pid: number): number => {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'latin1').split(' ')[0]))
  return ns.reduce((a, b) => a + b, 0) / 1000
}

/** Holds a process and what it has begun to a core; where that cannot be had, the scheduler does what it likes. */
const pin = (pid: number, core: number): void => {
  if (cpus().length < 2) return
  try {
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' })
  } catch {
    // No taskset: the figures have more noise.
  }
}

interface Subject {
  readonly cli: Cli
  readonly port: number
  readonly pids: readonly number[]
  readonly dir: string
}

interface Round {
  /** µs of CPU for a request: of the first process, then of each worker. */
  readonly costs: readonly number[]
  readonly seen: number
}

const start = async (target: string, args: readonly string[]): Promise<Subject> => {
  const dir = mkdtempSync(join(tmpdir(), 'cp-bench-workers-'))
  const own = ['ingress', '--target', target, '--port', '0', '--data-dir', dir, '--json']
  const cli = startCli([...own, ...args], { cwd: dir })
  const [, port] = await cli.until(/"proxy":"http:[^"]+:(\d+)".*ingress is ready/)
  const first = cli.process.pid as number
  const pids = [first, ...childrenOf(first)]
  for (const pid of pids) pin(pid, 1)
  return { cli, port: Number(port), pids, dir }
}

const measure = async ({ port, pids }: Subject): Promise<Round> => {
  const before = pids.map(spentBy)
  const began = performance.now()
  await drive(port, 'GET 1 KiB', REQUESTS)
  const seen = REQUESTS / ((performance.now() - began) / 1000)
  return { costs: pids.map((pid, n) => (spentBy(pid) - (before[n] as number)) / REQUESTS), seen }
}

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0)

/** Requests a second that two cores carry. */
const carried = ({ costs }: Round): number => Math.min(2e6 / sum(costs), 1e6 / Math.max(...costs))

type Pair = readonly [one: Round, two: Round]

const costOf = (pair: Pair): number => sum(pair.flatMap(({ costs }) => costs))

const inTurn = async (target: string): Promise<Pair> => {
  const subjects = [await start(target, []), await start(target, ['--workers', '2'])] as const
  const pairs: Pair[] = []
  try {
    for (const { port } of subjects) await drive(port, 'GET 1 KiB', WARM_UP)
    for (let i = 0; i < ROUNDS; i++) pairs.push([await measure(subjects[0]), await measure(subjects[1])])
  } finally {
    for (const { cli, dir } of subjects) {
      await cli.end('SIGTERM')
      rmSync(dir, { recursive: true, force: true })
    }
  }
  return pairs.reduce((best, pair) => (costOf(pair) < costOf(best) ? pair : best))
}

const figuresOf = ([one, two]: Pair): readonly Figure[] => {
  const [writer = 0, ...workers] = two.costs
  const busier = Math.max(...workers) / sum(workers)
  const peer = { name: 'one process', value: round(1e6 / sum(one.costs)) }
  const of = (name: string, unit: Figure['unit'], value: number, better: Figure['better']): Figure => ({
    section,
    name,
    unit,
    value: round(value),
    better,
  })
  return [
    {
      ...of('two cores', 'requests/s', carried(two), 'more'),
      peer,
      floor: { at: 1.6, of: 'ratio' },
      seen: round(two.seen),
    },
    { ...of('one core, one process', 'requests/s', 1e6 / sum(one.costs), 'more'), seen: round(one.seen) },
    of('a request, in two workers', 'µs', sum(workers), 'less'),
    of('a request, in the writer of the log', 'µs', writer, 'less'),
    { ...of('share of the busier worker', '%', 100 * busier, 'less'), floor: { at: 55, of: 'value' } },
  ]
}

export const workersSection: Section = {
  name: section,
  run: async (skipped) => {
    if (process.platform !== 'linux') {
      skipped('it reads /proc')
      return []
    }
    pin(process.pid, 0)
    const backend = await startBackend()
    const pair = await inTurn(backend.url)
    backend.close()
    return figuresOf(pair)
  },
}
