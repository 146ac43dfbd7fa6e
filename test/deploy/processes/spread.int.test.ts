/** Connections that the kernel gives to one process alone are spread over all, and none hangs when a process dies. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { openChannel, type Channel, type Pipe } from '../../../deploy/processes/channel.ts'
import { openSpread, type Seat, type Spread } from '../../../deploy/processes/spread.ts'
import { eventually } from '../../e2e/kit/cli.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

let children: ChildProcess[] = []
let clients: Socket[] = []
afterEach(() => {
  for (const client of clients) client.destroy()
  for (const child of children) child.kill('SIGKILL')
  children = []
  clients = []
})

interface Process {
  readonly child: ChildProcess
  readonly channel: Channel
  /** Connections that it was given and has not said to have. */
  readonly owed: () => number
}

const startOne = async (spread: Spread): Promise<Process> => {
  const child = fork(file('./worker.ts'), {
    execArgv: ['--import', file('../../../node_modules/tsx/dist/loader.mjs')],
    serialization: 'advanced',
  })
  children.push(child)
  let owed = 0
  const take = async (socket: Socket): Promise<number> => {
    owed += 1
    return await channel.call<number>('connection', null, socket).finally(() => (owed -= 1))
  }
  const seat: Seat = { take }
  let hear = (): void => undefined
  const heard = new Promise<void>((resolve) => (hear = resolve))
  const channel = openChannel(child as Pipe, {
    open: (open: number) => {
      spread.told(seat, open)
      hear()
    },
    connection: (_: unknown, socket?: Socket) => socket && spread.give(socket),
  })
  child.once('exit', () => spread.drop(seat))
  await heard
  return { child, channel, owed: () => owed }
}

/** Only the first of them listens. */
const start = async (count: number): Promise<{ all: readonly Process[]; port: number }> => {
  const processes: Process[] = []
  const spread = openSpread((least) => {
    for (const { channel, child } of processes)
      if (child.signalCode === null) channel.call('least', least).catch(() => undefined)
  })
  processes.push(...(await Promise.all(Array.from({ length: count }, () => startOne(spread)))))
  return { all: processes, port: await (processes[0] as Process).channel.call<number>('listen') }
}

/** The client speaks at once, before anybody has accepted it, and may end its side with that. Resolves with who answered. */
const ask = async (port: number, word: string, say: 'write' | 'end' = 'write'): Promise<number> => {
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  clients.push(client)
  client[say](word)
  const [bytes] = (await once(client, 'data')) as [Buffer]
  const [pid, ...rest] = bytes.toString().split(' ')
  expect(rest.join(' ')).toBe(word)
  return Number(pid)
}

const askAll = (port: number, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => ask(port, `hello ${n}`)))

test.each([2, 3])('connections opened at once are spread evenly over %i processes', async (count) => {
  const { all, port } = await start(count)
  const first = await ask(port, 'I stay')
  const ending = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(port, `I said it all ${n}`, 'end')))
  expect(ending.some((pid) => pid !== first)).toBe(true)

  const answered = await askAll(port, 100 * count)
  for (const { child } of all) {
    const share = answered.filter((pid) => pid === child.pid).length
    expect(share).toBeGreaterThan(80)
    expect(share).toBeLessThan(120)
  }
})

test('no client waits for a process that is killed with connections on their way to it; those of others see nothing', async () => {
  const { all, port } = await start(3)
  const [first, second, third] = all as [Process, Process, Process]
  second.child.kill('SIGSTOP')
  const asked = Promise.allSettled(Array.from({ length: 30 }, (_, n) => ask(port, `hello ${n}`)))
  await eventually('it was given some', () => second.owed() > 0)
  second.child.kill('SIGKILL')
  const answered = (await asked).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  expect(new Set(answered)).toEqual(new Set([first.child.pid, third.child.pid]))
  expect(answered.length).toBeGreaterThanOrEqual(12)
})
