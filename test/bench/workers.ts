/**
 * What `ingress --workers 2` makes of two cores, on the embedded log. A generator and a backend on the same two cores leave
 * no room to see it on the clock, so CPU is counted: requests that two cores could carry, and one process on its one core.
 * The processes are asked what they spent (Linux).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCli } from '../e2e/kit/cli.ts'
import { round, type Figure, type Section } from './kit/figure.ts'
import { drive, startBackend } from './kit/load.ts'

const section = 'workers'
const REQUESTS = 20_000
const ROUNDS = 5
/** µs of a tick of /proc: USER_HZ is 100 wherever Node runs. */
const TICK = 10_000

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)

const spentBy = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK
}

/** µs of CPU that each of the processes takes for a request, in the cheapest round. */
const costs = async (target: string, args: readonly string[]): Promise<readonly number[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'cp-bench-workers-'))
  const cli = startCli(['ingress', '--target', target, '--port', '0', '--data-dir', dir, '--json', ...args], {
    cwd: dir,
  })
  try {
    const [, port] = await cli.until(/"proxy":"http:[^"]+:(\d+)".*ingress is ready/)
    const first = cli.process.pid as number
    const pids = [first, ...childrenOf(first)]
    let cheapest: readonly number[] = [Infinity]
    await drive(Number(port), 'GET 1 KiB', REQUESTS)
    for (let i = 0; i < ROUNDS; i++) {
      const before = pids.map(spentBy)
      await drive(Number(port), 'GET 1 KiB', REQUESTS)
      const spent = pids.map((pid, j) => (spentBy(pid) - (before[j] as number)) / REQUESTS)
      if (sum(spent) < sum(cheapest)) cheapest = spent
    }
    return cheapest
  } finally {
    await cli.end('SIGTERM')
    rmSync(dir, { recursive: true, force: true })
  }
}

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0)

export const workersSection: Section = {
  name: section,
  run: async (skipped) => {
    if (process.platform !== 'linux') {
      skipped('it reads /proc')
      return []
    }
    const backend = await startBackend()
    const one = await costs(backend.url, [])
    const two = await costs(backend.url, ['--workers', '2'])
    backend.close()
    const [writer = 0, ...workers] = two
    const peer = { name: 'one process', value: round(1e6 / sum(one)) }
    const cost = (name: string, value: number): Figure => ({
      section,
      name,
      unit: 'µs',
      value: round(value),
      better: 'less',
    })
    return [
      { section, name: 'two cores', unit: 'requests/s', value: round(2e6 / sum(two)), better: 'more', peer },
      cost('a request, in two workers', sum(workers)),
      cost('a request, in the writer of the log', writer),
      {
        section,
        name: 'share of the busier worker',
        unit: '%',
        value: round((100 * Math.max(...workers)) / sum(workers)),
        better: 'less',
      },
    ]
  },
}
