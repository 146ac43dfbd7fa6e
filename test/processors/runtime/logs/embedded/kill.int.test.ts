/** kill -9 at random moments, with real processes: what was acknowledged is there, and nothing is there twice. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../../../../processors/runtime/logs/embedded/log.ts'
import { openSpool } from '../../../../../processors/runtime/logs/embedded/spool.ts'
import { codeOf, eventually, numbered, readAll, text, values } from '../../../../contract/fixture.ts'
import { INPUT, OUTPUT } from './child.ts'
import { tempDir } from './kit.ts'

const script = fileURLToPath(new URL('child.ts', import.meta.url))

interface Child {
  readonly process: ChildProcessWithoutNullStreams
  readonly lines: string[]
  /** The number in its last whole line that begins with the word. */
  last(word: string): number
  kill(): Promise<void>
}

const children: Child[] = []

const start = (kind: string, dir: string): Child => {
  const child = spawn(process.execPath, ['--import', 'tsx', script, kind, dir])
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  child.stderr.on('data', (data: Buffer) => lines.push(`error ${data.toString()}`))
  const started: Child = {
    process: child,
    lines,
    last: (word) => Number(lines.findLast((line) => line.startsWith(word))?.split(' ')[1] ?? -1),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
  children.push(started)
  return started
}

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill()
})

test('what a killed ingress had acknowledged is there, in order, however often it is killed', async () => {
  const dir = tempDir()
  let acknowledged = -1
  for (let round = 0; round < 4; round++) {
    const child = start('append', dir)
    const enough = acknowledged + 300 + round * 777
    await eventually('it appends', () => child.last('acked') > enough)
    await child.kill()
    acknowledged = child.last('acked')
    const log = await openEmbeddedLog({ dir })
    const read = await readAll(log, INPUT)
    const expected = read.map((_, n) => n)
    expect(read.map(({ offset }) => offset)).toEqual(expected)
    expect(read.map(({ value }) => (JSON.parse(text(value) as string) as { n: number }).n)).toEqual(expected)
    expect(read.length).toBeGreaterThan(acknowledged)
    await log.close()
  }
})

test('processors killed again and again while records come: every record counted once', async () => {
  const dir = tempDir()
  const ingress = await openEmbeddedLog({ dir, writer: 'ingress', segmentBytes: 100_000 })
  await ingress.createTopics([{ name: INPUT, partitions: 1, cleanup: 'delete' }])
  for (let round = 1; round <= 4; round++) {
    const child = start('process', dir)
    for (let n = 0; n < 20; n++) await ingress.append(INPUT, numbered(50, (round - 1) * 1000 + n * 50))
    const enough = round * 1000 - 700
    await eventually('it processes', () => child.last('committed') > enough)
    expect(await codeOf(openEmbeddedLog({ dir, writer: 'processors' }))).toBe('locked')
    await child.kill()
  }
  start('process', dir)
  await eventually('it catches up', async () => (await ingress.committed('counter', INPUT))[0] === 4000)
  expect(values(await readAll(ingress, OUTPUT))).toEqual(Array.from({ length: 4000 }, (_, n) => `${n}=${n + 1}`))
  await ingress.close()
})

test('another process sees a record within some 20 ms of its being durable', async () => {
  const dir = tempDir()
  const ingress = await openEmbeddedLog({ dir, writer: 'ingress', commitIntervalMs: 1 })
  await ingress.createTopics([{ name: INPUT, partitions: 1, cleanup: 'delete' }])
  const child = start('follow', dir)
  await eventually('it is up', () => child.lines.includes('following'))
  const delays = (): number[] =>
    child.lines.filter((line) => line.startsWith('delay')).map((line) => Number(line.split(' ')[1]))
  // Of the last hundred, half: what a machine that is busy with others does for a while is not the log's.
  const median = (): number =>
    delays()
      .slice(-100)
      .toSorted((a, b) => a - b)[50] ?? Infinity
  await eventually('it follows', async () => {
    await ingress.append(INPUT, [{ key: 'k', value: null, timestamp: Date.now() }])
    return delays().length > 100 && median() <= 20
  })
  await ingress.close()
})

test('what a killed process had spooled is there', async () => {
  const dir = path.join(tempDir(), 'spool')
  let acknowledged = -1
  for (let round = 0; round < 2; round++) {
    const child = start('spool', dir)
    const enough = acknowledged + 200
    await eventually('it spools', () => child.last('acked') > enough)
    await child.kill()
    acknowledged = child.last('acked')
  }
  const spool = await openSpool({ dir, maxBytes: 64 << 20 })
  const keys: string[] = []
  for (let some = await spool.peek(500); some.length > 0; some = await spool.peek(500)) {
    keys.push(...some.map(({ key }) => key))
    await spool.drop(some.length)
  }
  expect(keys.length).toBeGreaterThan(acknowledged)
  expect(keys).toEqual(keys.map((_, n) => `k${n}`))
  await spool.close()
})
