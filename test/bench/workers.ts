/**
 * What `ingress --workers 2` makes of two cores, on the embedded log (Linux: the processes are asked what they spent).
 *
 * A generator and a backend on the same two cores leave no room to see it on the clock: what a second worker could do with a
 * core, they do. So CPU is counted, of each worker while it alone is busy: two that take turns on one core pay for the
 * turns, which two cores do not ask for. Both keep the same number of connections; those of one are driven, then those of
 * the other (which are whose is read in /proc). The ingress with all its processes has one core, generator and backend have
 * the other (taskset, where it is there), with one process as with two. What a request costs there, the writer of the log
 * included, says how many a second two cores carry if nothing stands still; and no process is on two cores at once, so the
 * busiest one is a bound too, which is where a bad balance of the connections would show. Both ingresses run at the same
 * time and are driven in turn, so that neighbours weigh on both; the figures are those of the cheapest pair of rounds.
 * `seen` is the clock's word for the same rounds, one core each.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCli, type Cli } from '../e2e/kit/cli.ts'
import { round, type Figure, type Section } from './kit/figure.ts'
import { connectAll, driveOver, startBackend } from './kit/load.ts'

const section = 'workers'
const REQUESTS = 20_000
/** The writer's code runs once in many requests, and is compiled late. */
const WARM_UP = 150_000
const ROUNDS = 5
/** Of each process that serves. */
const CONNECTIONS = 64

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)

/** µs on a core, of all threads. */
const spentBy = (pid: number): number => {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'latin1').split(' ')[0]))
  return ns.reduce((a, b) => a + b, 0) / 1000
}

/** Inodes of the sockets that a process has open. */
const inodesOf = (pid: number): ReadonlySet<string> => {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      // Closed meanwhile.
      return ''
    }
  })
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.slice(1) ?? []))
}

/** The other ends of a process's connections, among those that are given. */
const heldBy = (pid: number, sockets: readonly Socket[]): readonly Socket[] => {
  const inodes = inodesOf(pid)
  const rows = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1)
  const ports = rows.flatMap((row) => {
    const [, , remote = '', , , , , , , inode = ''] = row.trim().split(/\s+/)
    return inodes.has(inode) ? [Number.parseInt(remote.split(':')[1] ?? '', 16)] : []
  })
  const own = new Set(ports)
  return sockets.filter(({ localPort }) => own.has(localPort as number))
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
  /** Of the process that was started, and of its workers. */
  readonly first: number
  readonly workers: readonly number[]
  readonly dir: string
}

interface Round {
  /** µs of CPU for a request: of the first process, then of each worker, by how much of the load is its. */
  readonly costs: readonly number[]
  readonly seen: number
}

const start = async (target: string, args: readonly string[]): Promise<Subject> => {
  const dir = mkdtempSync(join(tmpdir(), 'cp-bench-workers-'))
  const own = ['ingress', '--target', target, '--port', '0', '--data-dir', dir, '--json']
  const cli = startCli([...own, ...args], { cwd: dir })
  const [, port] = await cli.until(/"proxy":"http:[^"]+:(\d+)".*ingress is ready/)
  const first = cli.process.pid as number
  const workers = childrenOf(first)
  for (const pid of [first, ...workers]) pin(pid, 1)
  return { cli, port: Number(port), first, workers, dir }
}

/** A subject with its connections, by the process that serves them. */
interface Loaded extends Subject {
  readonly sockets: readonly Socket[]
  readonly groups: readonly (readonly Socket[])[]
}

const load = async (subject: Subject): Promise<Loaded> => {
  const { port, first, workers } = subject
  const serving = workers.length === 0 ? [first] : workers
  const sockets = await connectAll(port, CONNECTIONS * serving.length)
  await driveOver(sockets, 'GET 1 KiB', WARM_UP)
  return { ...subject, sockets, groups: serving.map((pid) => heldBy(pid, sockets)) }
}

/** The load of one process at a time; of the first process, what it does for that one. */
const measure = async ({ first, workers, sockets, groups }: Loaded): Promise<Round> => {
  const pids = [first, ...workers]
  const costs = pids.map(() => 0)
  let took = 0
  for (const group of groups) {
    const before = pids.map(spentBy)
    const began = performance.now()
    await driveOver(group, 'GET 1 KiB', REQUESTS)
    took += performance.now() - began
    const share = group.length / sockets.length
    for (const [n, pid] of pids.entries())
      costs[n] = (costs[n] as number) + (share * (spentBy(pid) - (before[n] as number))) / REQUESTS
  }
  return { costs, seen: (groups.length * REQUESTS) / (took / 1000) }
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
    const [one, two] = [await load(subjects[0]), await load(subjects[1])]
    for (let i = 0; i < ROUNDS; i++) pairs.push([await measure(one), await measure(two)])
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
