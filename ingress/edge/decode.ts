/** Takes captured bodies out of their content coding, off the event loop and within a bound; what is larger is not captured. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { Coded, Plain } from '../phases/capture.ts'

const decoders: Record<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

/** How much larger than the capture's bound a decoded body may be. */
const GROWTH = 4

/** Never rejects: a body that does not decode is left out. */
export const decodeBodies = async (coded: readonly Coded[], maxBody: number): Promise<Plain> => {
  const plain: { request?: Uint8Array; response?: Uint8Array } = {}
  for (const { side, coding, bytes } of coded) {
    const decode = decoders[coding]
    const found = await decode?.(bytes, { maxOutputLength: maxBody * GROWTH }).catch(() => undefined)
    if (found !== undefined) plain[side] = found
  }
  return plain
}
