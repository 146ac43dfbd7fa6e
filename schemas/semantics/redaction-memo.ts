/** Hot endpoints give the same bytes again and again: comparing them with the last costs a fiftieth of looking through them. */

export type RedactBody = (bytes: Uint8Array, mediaType: string) => Uint8Array

interface Seen {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly redacted: Uint8Array
}

/** Below it, looking is as cheap. */
const SHORT = 256
const SLOTS = 64
const SAMPLES = 8

const slotOf = (bytes: Uint8Array, mediaType: string): number => {
  const step = Math.floor(bytes.length / SAMPLES)
  // An API often answers with what it was sent, under another name of the same type: those two are not to drive each other out.
  let hash = bytes.length * 31 + mediaType.length
  for (let n = 1; n <= SAMPLES; n++) hash = (hash * 31 + (bytes[n * step - 1] as number)) | 0
  return hash & (SLOTS - 1)
}

/**
 * Remembers the last bodies and what became of them. `same` compares bytes; they are kept as they are, so nobody may write
 * over them afterwards.
 */
export const rememberBodies = (redact: RedactBody, same: (a: Uint8Array, b: Uint8Array) => boolean): RedactBody => {
  const slots = Array<Seen | undefined>(SLOTS).fill(undefined)
  return (bytes, mediaType) => {
    if (bytes.length < SHORT) return redact(bytes, mediaType)
    const slot = slotOf(bytes, mediaType)
    const seen = slots[slot]
    if (seen?.mediaType === mediaType && same(seen.bytes, bytes)) return seen.redacted
    const redacted = redact(bytes, mediaType)
    slots[slot] = { bytes, mediaType, redacted }
    return redacted
  }
}
