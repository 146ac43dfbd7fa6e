/** A model as it stands on the log: packed by the trainer, and read back with suspicion. */
import type { Model } from '../../events.ts'
import { EVIDENCE_SIZE, EVIDENCE_VERSION } from './evidence.ts'
import { OUTPUTS, weightsOf } from './network.ts'
import type { Network } from './network.ts'

/** SHA-256, hex; pure code is given it. */
export type Digest = (text: string, bytes: Uint8Array) => string

type Packed = Pick<Model, 'version' | 'layers' | 'weights' | 'slope' | 'offset' | 'fade'>

/** Hash of all that the answer of a model depends on. */
export const hashOf = ({ version, layers, weights, slope, offset, fade }: Packed, digest: Digest): string =>
  digest(`${version} ${layers.join(',')} ${slope} ${offset} ${fade} `, weights)

/** Float32, little-endian. */
export const packed = (weights: Float32Array): Uint8Array => {
  const view = new DataView(new ArrayBuffer(4 * weights.length))
  weights.forEach((weight, i) => view.setFloat32(4 * i, weight, true))
  return new Uint8Array(view.buffer)
}

export const unpacked = (bytes: Uint8Array): Float32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true))
}

/** The widest layer and the most layers of a network that is run. */
const WIDEST = 256
const DEEPEST = 5

const trouble = (model: Model, digest: Digest): string | undefined => {
  const { version, layers, weights } = model
  if (version !== EVIDENCE_VERSION)
    return `it reads evidence of version ${version}, here it is version ${EVIDENCE_VERSION}`
  const fits = layers.length <= DEEPEST && layers.every((n) => Number.isInteger(n) && n > 0 && n <= WIDEST)
  if (!fits || layers[0] !== EVIDENCE_SIZE || layers[layers.length - 1] !== OUTPUTS)
    return `layers of ${layers.join(', ')}, wanted are ${EVIDENCE_SIZE} to ${OUTPUTS}`
  if (weights.length !== 4 * weightsOf(layers))
    return `${weights.length} bytes of weights, wanted are ${4 * weightsOf(layers)}`
  if (hashOf(model, digest) !== model.hash) return 'its hash does not fit'
  return undefined
}

export type Read =
  { readonly kind: 'network'; readonly network: Network } | { readonly kind: 'refused'; readonly reason: string }

/** The network of a published model, or why it is not run. */
export const readModel = (model: Model, digest: Digest): Read => {
  if (model.state !== 'published') return { kind: 'refused', reason: model.reason }
  const reason = trouble(model, digest)
  if (reason !== undefined) return { kind: 'refused', reason }
  const { layers, slope, offset, fade } = model
  const weights = unpacked(model.weights)
  const isFinite = weights.every(Number.isFinite) && [slope, offset, fade].every(Number.isFinite) && fade >= 0
  if (!isFinite) return { kind: 'refused', reason: 'a number in it is not finite, or below zero where it may not be' }
  return { kind: 'network', network: { layers, weights, slope, offset, fade } }
}
