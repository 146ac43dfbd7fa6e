/** The library itself: its own process, its WebAssembly, and the same numbers as what the ingress computes. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { openTraining, type Training } from '../../../processors/model/tfjs/spawn.ts'
import { LAYERS } from '../../../processors/model/trial.ts'
import type { Job } from '../../../processors/model/trial.ts'
import type { Row } from '../../../processors/model/rows.ts'
import { BELIEVED_AT, EVIDENCE_SIZE } from '../../../schemas/semantics/model/evidence.ts'
import { judgeBy, weightsOf } from '../../../schemas/semantics/model/network.ts'

let training: Training | undefined
afterEach(() => training?.close())

const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => {
    const evidence = Uint8Array.from({ length: EVIDENCE_SIZE }, (_, k) => (i * 31 + k * 17) % 256)
    evidence[0] = i % 3 === 0 ? 255 : 0
    evidence[BELIEVED_AT] = 128
    return { evidence, believed: 0.5, fidelity: i % 3 === 0 ? 1 : 0, told: 0, truth: 0, weight: 1 }
  })
const job: Job = { layers: LAYERS, rows: rows(240), held: rows(90), epochs: 15, rate: 0.01, decay: 0.0001, seed: 1 }

it('learns what rows say, gives the same weights for the same job, and leaves this process alone', async () => {
  const listeners = process.listenerCount('uncaughtException')
  training = openTraining()
  const weights = await training.fit(job)
  expect(weights.length).toBe(weightsOf(LAYERS))
  const network = { layers: LAYERS, weights, slope: 1, offset: 0, fade: 0 }
  const right = (row: Row | undefined): number => judgeBy(network, row?.evidence ?? new Uint8Array(0)).right
  expect(right(job.rows[0])).toBeGreaterThan(0.8)
  expect(right(job.rows[1])).toBeLessThan(0.2)
  expect(await training.fit(job)).toEqual(weights)
  expect(process.listenerCount('uncaughtException')).toBe(listeners)
}, 60_000)

it('says why when a job cannot be done, and does the next one', async () => {
  training = openTraining()
  await expect(training.fit({ ...job, start: new Float32Array(3) })).rejects.toThrow(/\w/)
  expect((await training.fit({ ...job, epochs: 1 })).length).toBe(weightsOf(LAYERS))
}, 60_000)

it('rejects when its process dies', async () => {
  training = openTraining()
  const fitting = training.fit({ ...job, epochs: 10_000, held: [] })
  training.close()
  await expect(fitting).rejects.toThrow('the training process ended')
}, 60_000)

it('predicts what the ingress computes', () => {
  const script = fileURLToPath(new URL('predict.ts', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8' })
  expect(stderr.slice(-500)).not.toContain('Error')
  const { gap, count } = JSON.parse(stdout) as { gap: number; count: number }
  expect(count).toBe(50)
  expect(gap).toBeLessThan(1e-4)
}, 60_000)
