/** F1 on Kafka: two instances, 20 SIGKILLs; what committed readers see is what an undisturbed run leaves. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { topicSpecs } from '../../schemas/topics.ts'
import { type Broker, startBroker } from '../kit/kafka/broker.ts'
import { kafkaSkipped } from '../kit/kafka/shared.ts'
import { codecs } from '../processors/kit/given.ts'
import { everything } from '../topology/dump.ts'
import { recording } from '../topology/recording.ts'
import { type KillReport, killWhileFlowing, type Subject, undisturbed } from './kill.ts'
import { bundleWorker } from './kill-bundle.ts'
import { openKillLog, type KillTarget } from './kill-target.ts'

const APP = 'killed'
const PARTITIONS = 4
const SEED = 20_251_122
const KILLS = 20

const records = recording(codecs, {
  seed: SEED,
  count: 20_000,
  services: ['shop', 'bank', 'zoo', 'mail', 'maps', 'news'],
})

/** Made before the workers make them: nothing is compacted or expires, so that every record of both runs is compared. */
const keepingAll = topicSpecs(PARTITIONS).map(({ name, partitions }) => ({
  name,
  partitions,
  cleanup: 'delete' as const,
}))

interface Left {
  readonly report: KillReport
  readonly topics: Record<string, string[]>
}

/** A broker of its own, since topics have fixed names; the owners' markers are new with each takeover. */
const onBroker = async (
  broker: Broker,
  file: string,
  run: (subject: Subject) => Promise<KillReport>,
): Promise<Left> => {
  const { brokers } = broker
  const target: KillTarget = { kind: 'kafka', brokers, sessionTimeoutMs: 2000, app: APP, partitions: PARTITIONS }
  const log = await openKillLog(target, 'ingress')
  try {
    await log.createTopics(keepingAll)
    const report = await run({ target, log, file, records })
    const topics = await everything(log, APP)
    return {
      report,
      topics: { ...topics, changelog: (topics['changelog'] ?? []).filter((l) => !/^\d+ __owner /.test(l)) },
    }
  } finally {
    await log.close()
  }
}

describe.skipIf(kafkaSkipped())('processors on Kafka', () => {
  let dir: string
  let file: string
  const brokers: Broker[] = []
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-kill-'))
    file = await bundleWorker(dir)
    brokers.push(await startBroker(), await startBroker())
  })
  afterAll(async () => {
    for (const broker of brokers) await broker.stop()
    await rm(dir, { recursive: true, force: true })
  })

  it(
    `${KILLS} SIGKILLs of two instances while 20,000 exchanges flow: as an undisturbed run (seed ${SEED})`,
    { timeout: 300_000 },
    async () => {
      const [one, other] = brokers as [Broker, Broker]
      const calm = await onBroker(one, file, undisturbed)
      const killed = await onBroker(other, file, (subject) =>
        killWhileFlowing(subject, { kills: KILLS, seed: SEED, instances: 2, apart: [0, 6000] }),
      )
      console.log('killed', killed.report, 'undisturbed', calm.report)
      for (const topic of Object.keys(calm.topics)) expect(killed.topics[topic], topic).toEqual(calm.topics[topic])
      expect(killed.topics['changelog']?.length).toBeGreaterThan(100)
      expect(killed.report.afterCommits).toBeGreaterThanOrEqual(KILLS / 4)
      expect(killed.report.behind).toBeGreaterThanOrEqual(KILLS / 4)
    },
  )
})
