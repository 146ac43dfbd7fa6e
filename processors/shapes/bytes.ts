/** Numbers and texts as bytes and back, without loss: varints (LEB128), texts by their UTF-16 code units. */

export interface Writer {
  bytes: Uint8Array
  at: number
}

const START = 4096
const MAX_VARINT = 8

export const openWriter = (): Writer => ({ bytes: new Uint8Array(START), at: 0 })

const reserve = (w: Writer, size: number): void => {
  if (w.at + size <= w.bytes.length) return
  const grown = new Uint8Array(Math.max(w.bytes.length * 2, w.at + size))
  grown.set(w.bytes)
  w.bytes = grown
}

export const putByte = (w: Writer, value: number): void => {
  reserve(w, 1)
  w.bytes[w.at++] = value
}

const putLarge = (w: Writer, value: number): void => {
  reserve(w, MAX_VARINT)
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) w.bytes[w.at++] = (rest % 128) | 128
  w.bytes[w.at++] = rest
}

/** A whole number from 0 to 2^53. */
export const putCount = (w: Writer, value: number): void => {
  if (value < 128) putByte(w, value)
  else putLarge(w, value)
}

/** Up to three bytes a code unit: lone surrogates, which JSON may hold, survive. */
export const putText = (w: Writer, text: string): void => {
  putCount(w, text.length)
  reserve(w, 3 * text.length)
  const { bytes } = w
  let { at } = w
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i)
    for (; code >= 128; code >>>= 7) bytes[at++] = (code & 127) | 128
    bytes[at++] = code
  }
  w.at = at
}

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)
const WHOLE = 0
const FLOAT = 2

/** Any finite number: a whole one by sign and varint, another one as it is. */
export const putNumber = (w: Writer, value: number): void => {
  if (Number.isSafeInteger(value)) {
    putByte(w, value < 0 ? WHOLE + 1 : WHOLE)
    putCount(w, Math.abs(value))
    return
  }
  putByte(w, FLOAT)
  reserve(w, 8)
  float[0] = value
  w.bytes.set(floatBytes, w.at)
  w.at += 8
}

export const written = ({ bytes, at }: Writer): Uint8Array => bytes.slice(0, at)

export interface Reader {
  readonly bytes: Uint8Array
  at: number
}

export const takeByte = (r: Reader): number => {
  const value = r.bytes[r.at++]
  if (value === undefined) throw new RangeError('the state of a shape is cut')
  return value
}

export const takeCount = (r: Reader): number => {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = takeByte(r)
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
}

export const takeText = (r: Reader): string => {
  let text = ''
  for (let left = takeCount(r); left > 0; left--) text += String.fromCharCode(takeCount(r))
  return text
}

export const takeNumber = (r: Reader): number => {
  const kind = takeByte(r)
  if (kind !== FLOAT) return kind === WHOLE ? takeCount(r) : -takeCount(r)
  for (let i = 0; i < 8; i++) floatBytes[i] = takeByte(r)
  return float[0] as number
}
