/** F1 on the embedded log: what 20 SIGKILLs leave is what an undisturbed run leaves, byte by byte. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventLog } from '../../schemas/log.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { codecs } from '../processors/kit/given.ts'
import { everything } from '../topology/dump.ts'
import { recording } from '../topology/recording.ts'
import { killWhileFlowing, type Subject, undisturbed } from './kill.ts'
import { bundleWorker } from './kill-bundle.ts'
import { openKillLog, type KillTarget } from './kill-target.ts'

const APP = 'killed'
const PARTITIONS = 2
const SEED = 20_251_121
const KILLS = 20

let dir: string
let file: string
const logs: EventLog[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-kill-'))
  file = await bundleWorker(dir)
})
afterAll(async () => {
  for (const log of logs) await log.close()
  await rm(dir, { recursive: true, force: true })
})

const records = recording(codecs, { seed: SEED, count: 20_000, services: ['shop', 'bank', 'zoo'] })

const open = async (name: string): Promise<Subject> => {
  const target: KillTarget = { kind: 'embedded', dir: join(dir, name), app: APP, partitions: PARTITIONS }
  const log = await openKillLog(target, 'ingress')
  logs.push(log)
  await log.createTopics(topicSpecs(PARTITIONS))
  return { target, log, file, records }
}

it(
  `${KILLS} SIGKILLs while 20,000 exchanges flow: state and outputs as of an undisturbed run (seed ${SEED})`,
  { timeout: 240_000 },
  async () => {
    const [disturbed, calm] = [await open('disturbed'), await open('calm')]
    const report = await killWhileFlowing(disturbed, { kills: KILLS, seed: SEED, instances: 1, apart: [0, 2500] })
    console.log('killed', report, 'undisturbed', await undisturbed(calm))
    expect(report.afterCommits).toBeGreaterThanOrEqual(KILLS / 4)
    expect(report.behind).toBeGreaterThanOrEqual(KILLS / 4)
    const [left, expected] = [await everything(disturbed.log, APP), await everything(calm.log, APP)]
    for (const topic of Object.keys(expected)) expect(left[topic], topic).toEqual(expected[topic])
    expect(left['changelog']?.length).toBeGreaterThan(100)
  },
)
