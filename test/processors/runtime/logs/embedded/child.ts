/** A process to kill: `append` appends numbered records and says which are acknowledged; `process` counts them; `follow` reads. */
import { openEmbeddedLog } from '../../../../../processors/runtime/logs/embedded/log.ts'
import { openSpool } from '../../../../../processors/runtime/logs/embedded/spool.ts'
import type { Task } from '../../../../../schemas/log.ts'
import { bytes, record, text } from '../../../../contract/fixture.ts'

const [kind, dir] = process.argv.slice(2) as [string, string]
const say = (line: string): void => void process.stdout.write(`${line}\n`)

export const INPUT = 'chaosproxy.exchanges.v1'
export const OUTPUT = 'outputs'

const append = async (): Promise<void> => {
  const log = await openEmbeddedLog({ dir, writer: 'ingress', segmentBytes: 200_000, commitIntervalMs: 1 })
  await log.createTopics([{ name: INPUT, partitions: 1, cleanup: 'delete' }])
  let next = (await log.ranges(INPUT))[0]?.end ?? 0
  for (;;) {
    const calls = Array.from({ length: 8 }, () => {
      const value = bytes(JSON.stringify({ n: next++, pad: 'x'.repeat(200) }))
      return log.append(INPUT, [{ key: `k${next % 5}`, value, timestamp: Date.now() }])
    })
    const offsets = (await Promise.all(calls)).flat()
    say(`acked ${offsets.at(-1)}`)
  }
}

const countingTask = (): Task => {
  let count = 0
  return {
    restore: (changes) => {
      for (const { key, value } of changes) if (key === 'count') count = Number(text(value))
    },
    step: (records) => ({
      outputs: records.map((r) => ({ topic: OUTPUT, ...record('k', `${r.offset}=${++count}`) })),
      changes: [{ key: 'count', value: bytes(String(count)) }],
    }),
  }
}

const run = async (): Promise<void> => {
  const log = await openEmbeddedLog({ dir, writer: 'processors', segmentBytes: 100_000, commitIntervalMs: 0 })
  await log.createTopics([
    { name: INPUT, partitions: 1, cleanup: 'delete' },
    { name: OUTPUT, partitions: 1, cleanup: 'delete' },
  ])
  const processing = await log.process({
    app: 'counter',
    input: INPUT,
    createTask: countingTask,
    commitIntervalMs: 1,
    commitRecords: 40,
    onEvent: (event) => event.kind === 'committed' && say(`committed ${event.position}`),
  })
  await processing.done
}

const follow = async (): Promise<void> => {
  const log = await openEmbeddedLog({ dir })
  say('following')
  for await (const batch of log.read(INPUT, { partition: 0, from: { kind: 'end' } }))
    for (const { timestamp } of batch) say(`delay ${Date.now() - timestamp}`)
}

const spool = async (): Promise<void> => {
  const opened = await openSpool({ dir, maxBytes: 64 << 20, commitIntervalMs: 1 })
  for (let n = opened.size.records; ; n++) {
    await opened.push([{ topic: INPUT, ...record(`k${n}`, 'x'.repeat(100)) }])
    say(`acked ${n}`)
  }
}

const work = { append, process: run, follow, spool }[kind]
if (import.meta.url.endsWith(process.argv[1]?.split('/').at(-1) ?? '?') && work !== undefined) await work()
