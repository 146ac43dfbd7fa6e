import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaSkipped, sharedBroker, type SharedBroker } from '../../../../kit/kafka/shared.ts'
import { wreakHavoc } from './havoc.ts'

/** The short version by default; CHAOS_PROXY_KILLS=300 for the long one. */
const kills = Number(process.env['CHAOS_PROXY_KILLS'] ?? 20)
const seed = Number(process.env['CHAOS_PROXY_SEED'] ?? 7)

describe.skipIf(kafkaSkipped())('processing on Kafka, exactly once', () => {
  let broker: SharedBroker
  beforeAll(async () => (broker = await sharedBroker()), 120_000)
  afterAll(() => broker?.release())

  it(
    `${kills} SIGKILLs and zombies over three instances lose nothing, double nothing, keep order and counts`,
    async () => {
      const stops = Math.max(3, Math.round(kills / 10))
      const outcome = await wreakHavoc({ brokers: broker.brokers, seed, kills, stops, instances: 3 })
      console.log('exactly-once', JSON.stringify(outcome))
      const { duplicates, losses, wrong, openTransactions, crashes } = outcome
      expect({ duplicates, losses, wrong, openTransactions, crashes }).toEqual({
        duplicates: 0,
        losses: 0,
        wrong: 0,
        openTransactions: false,
        crashes: 0,
      })
      expect(outcome.takeovers).toBeGreaterThan(kills / 2)
      expect(outcome.appended).toBeGreaterThan(100 * kills)
    },
    60_000 + kills * 6000,
  )

  it('notices when the fence is missing: fresh transactional ids give duplicates or losses', async () => {
    const havoc = { brokers: broker.brokers, seed, kills: 0, stops: 5, instances: 3, control: true }
    const outcome = await wreakHavoc(havoc)
    console.log('without the fence', JSON.stringify(outcome))
    expect(outcome.duplicates + outcome.losses).toBeGreaterThan(0)
  }, 150_000)
})
