/** Prints the largest gap between the library's predict and the ingress's arithmetic over random networks; a process of its own. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { openBackend } from '../../../processors/model/tfjs/backend.ts'
import { inputsOf, networkOf, setWeights } from '../../../processors/model/tfjs/fit.ts'
import { LAYERS } from '../../../processors/model/trial.ts'
import { EVIDENCE_SIZE } from '../../../schemas/semantics/model/evidence.ts'
import { outputsOf, weightsOf } from '../../../schemas/semantics/model/network.ts'

await openBackend()
const network = networkOf(LAYERS, 3)
const weights = Float32Array.from({ length: weightsOf(LAYERS) }, (_, i) => Math.sin(i * 12.9898) / 4)
setWeights(network, weights)
const rows = Array.from({ length: 50 }, (_, i) => ({
  evidence: Uint8Array.from({ length: EVIDENCE_SIZE }, (_, k) => (i * 131 + k * k * 7) % 256),
}))
const predicted = (network.predict(inputsOf(rows)) as Tensor).dataSync()
const ours = rows.flatMap(({ evidence }) => [
  ...outputsOf({ layers: LAYERS, weights, slope: 1, offset: 0, fade: 0 }, evidence),
])
const gap = Math.max(...ours.map((value, i) => Math.abs(value - (predicted[i] ?? Infinity))))
console.log(JSON.stringify({ gap, count: rows.length }))
