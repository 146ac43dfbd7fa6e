import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startProcessors } from '../../processors/runtime/host.ts'
import { openMemoryLog } from '../../processors/runtime/logs/memory.ts'
import { topology } from '../../processors/topology.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { codecs } from '../processors/kit/given.ts'
import { everything } from '../topology/dump.ts'
import { recording } from '../topology/recording.ts'
import { killWhileFlowing } from './kill.ts'
import { openKillLog, type KillTarget } from './kill-target.ts'

const APP = 'killed'
const PARTITIONS = 2
const SEED = 20_251_121
const KILLS = 20

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-kill-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const records = recording(codecs, { seed: SEED, count: 20_000, services: ['shop', 'bank', 'zoo'] })

/** The reference knows nothing of files and kills: the same topology over the log in memory. */
const undisturbed = async (): Promise<Record<string, string[]>> => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(PARTITIONS))
  await log.append(topicName('exchanges'), records)
  const ends = new Map((await log.ranges(topicName('exchanges'))).map(({ partition, end }) => [partition, end]))
  await new Promise<void>((resolve, reject) => {
    const running = startProcessors({
      log,
      codecs,
      topology,
      app: APP,
      onEvent: (event) => {
        if (event.kind === 'committed' && event.position === ends.get(event.partition)) ends.delete(event.partition)
        if (ends.size === 0) resolve()
      },
    })
    running.then(({ done }) => done).catch(reject)
  })
  const all = await everything(log, APP)
  await log.close()
  return all
}

it(
  `${KILLS} SIGKILLs while 20,000 exchanges flow: state and outputs as of an undisturbed run (seed ${SEED})`,
  { timeout: 240_000 },
  async () => {
    const target: KillTarget = { kind: 'embedded', dir, app: APP, partitions: PARTITIONS }
    const log = await openKillLog(target, 'ingress')
    await log.createTopics(topicSpecs(PARTITIONS))
    const report = await killWhileFlowing({ target, log, records, kills: KILLS, seed: SEED, maxLife: 300 })
    expect(report.afterCommits).toBeGreaterThanOrEqual(KILLS / 2)
    const [disturbed, expected] = [await everything(log, APP), await undisturbed()]
    for (const topic of Object.keys(expected)) expect(disturbed[topic], topic).toEqual(expected[topic])
    expect(disturbed['changelog']?.length).toBeGreaterThan(100)
    await log.close()
  },
)
