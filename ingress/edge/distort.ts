/**
 * Carries out what faults do to an answer's stream. It stands between whoever answers and the client's wire: the same
 * functions, with the pieces changed, held back or cut on their way, and with backpressure in both directions.
 */
import type { Distortion, FieldLines } from '../phases/context.ts'
import { fieldOf, without } from '../phases/fields.ts'
import type { AnswerStart, Carrier, Wire } from './carrier.ts'
import { corruptJson } from './corrupt.ts'

/** Calls back after so many ms. */
export type After = (ms: number, then: () => void) => void

/** One step on the way of an answer: the pieces in order, then the end. */
interface Step {
  begin(start: AnswerStart): void
  flush(): void
  /** false: stop until the carrier says that it is drained. */
  write(bytes: Buffer): boolean
  end(trailers: FieldLines): void
  /** In the place of an end: what passed is seen, then the connection breaks. */
  breakOff(reset: boolean): void
}

interface Way {
  readonly carrier: Carrier
  readonly wire: Wire
  readonly after: After
  /** Called when the client takes bytes again. */
  readonly onDrained: Set<() => void>
  /** Tells whoever answers that it may go on. */
  goOn: () => void
}

const EMPTY = Buffer.alloc(0)
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The client's connection is reset; no answer follows. */
export const resetClient = (carrier: Carrier): void => {
  carrier.via.reset(carrier)
  carrier.begun = true
}

/** The last step: the client's wire. */
const toClient = ({ carrier, wire, after }: Way): Step => ({
  begin: (start) => wire.begin(carrier, start),
  flush: () => wire.flush(carrier),
  write: (bytes) => wire.write(carrier, bytes),
  end: (trailers) => wire.end(carrier, undefined, trailers),
  breakOff: (reset) => {
    wire.flush(carrier)
    after(0, () => (reset ? resetClient(carrier) : wire.destroy(carrier)))
  },
})

const TICK = 50
/** Held back at most, but for the piece that passed it. */
const HELD = 16 * 1024

/** So many bytes per second, in pieces of a twentieth of a second. */
const slowly = (next: Step, rate: number, way: Way): Step => {
  const held: Buffer[] = []
  let size = 0
  let finish: (() => void) | undefined
  let running = false
  let blocked = false
  let credit = 0
  const takeSome = (): Buffer => {
    const first = held.shift() ?? EMPTY
    const part = first.subarray(0, Math.max(1, Math.floor(credit)))
    if (part.length < first.length) held.unshift(first.subarray(part.length))
    size -= part.length
    credit -= part.length
    return part
  }
  const tick = (): void => {
    running = false
    if (way.carrier.over) return
    credit = Math.min(credit + (rate * TICK) / 1000, Math.max(1, rate))
    while (size > 0 && credit >= 1 && !blocked) blocked = !next.write(takeSome())
    if (size === 0 && finish !== undefined) return finish()
    if (size < HELD) way.goOn()
    if (size > 0 && !blocked) run()
  }
  const run = (): void => {
    if (running) return
    running = true
    way.after(TICK, tick)
  }
  const whenAllIsOut = (then: () => void): void => {
    finish = then
    if (size === 0) then()
    else if (!blocked) run()
  }
  way.onDrained.add(() => {
    blocked = false
    if (size > 0) run()
  })
  return {
    begin: next.begin,
    flush: next.flush,
    write: (bytes) => {
      if (bytes.length > 0) held.push(bytes)
      size += bytes.length
      if (!blocked) run()
      return size < HELD
    },
    end: (trailers) => whenAllIsOut(() => next.end(trailers)),
    breakOff: (reset) => whenAllIsOut(() => next.breakOff(reset)),
  }
}

const withLength = (start: AnswerStart, length: number): AnswerStart => {
  const lines = without(start.lines, new Set(['content-length']))
  return { ...start, length, lines: length < 0 ? lines : [...lines, 'content-length', String(length)] }
}

type Cut = Extract<Distortion, { kind: 'truncate' | 'abort' }>

/** So many bytes, then an end that is none, or one that looks like one. */
const cut = (next: Step, how: Cut): Step => {
  const clean = how.kind === 'truncate' && how.end === 'clean'
  let left = how.bytes
  let over = false
  const stop = (): void => {
    over = true
    if (clean) next.end([])
    else next.breakOff(how.kind === 'abort')
  }
  return {
    begin: (start) => next.begin(clean && start.length > how.bytes ? withLength(start, how.bytes) : start),
    flush: next.flush,
    write: (bytes) => {
      if (over) return true
      const part = bytes.subarray(0, left)
      left -= part.length
      const ready = part.length === 0 || next.write(part)
      if (part.length < bytes.length) stop()
      return ready
    },
    end: (trailers) => {
      if (!over) next.end(trailers)
    },
    breakOff: next.breakOff,
  }
}

/** Longer bodies pass as they are. */
const WHOLE = 1024 * 1024
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i

const isPlainJson = ({ lines, bodiless, length }: AnswerStart): boolean =>
  !bodiless &&
  length <= WHOLE &&
  JSON_TYPE.test(fieldOf(lines, 'content-type') ?? '') &&
  /^(?:identity)?$/i.test(fieldOf(lines, 'content-encoding') ?? '')

/** The body is held until it is whole, then one of its fields is spoilt. */
const corrupt = (next: Step, { field, how }: Extract<Distortion, { kind: 'corrupt' }>): Step => {
  let start: AnswerStart | undefined
  let chunks: Buffer[] = []
  let size = 0
  const letGo = (): boolean => {
    if (start !== undefined) next.begin(start)
    start = undefined
    const ready = chunks.map((bytes) => next.write(bytes)).every(Boolean)
    chunks = []
    return ready
  }
  return {
    begin: (given) => {
      if (isPlainJson(given)) start = given
      else next.begin(given)
    },
    flush: () => {
      if (start === undefined) next.flush()
    },
    write: (bytes) => {
      if (start === undefined) return next.write(bytes)
      chunks.push(bytes)
      size += bytes.length
      return size <= WHOLE || letGo()
    },
    end: (trailers) => {
      const spoilt = start && corruptJson(Buffer.concat(chunks).toString('utf8'), field, how)
      if (start !== undefined && spoilt !== undefined) {
        chunks = [Buffer.from(spoilt)]
        start = withLength(start, (chunks[0] as Buffer).length)
      }
      letGo()
      next.end(trailers)
    },
    breakOff: next.breakOff,
  }
}

const stepOf = (next: Step, distortion: Distortion, way: Way): Step => {
  switch (distortion.kind) {
    case 'slow':
      return slowly(next, distortion.rate, way)
    case 'truncate':
    case 'abort':
      return cut(next, distortion)
    case 'corrupt':
      return corrupt(next, distortion)
  }
}

/** A body is spoilt before it is cut, and cut before it is slowed. */
const ORDER: readonly Distortion['kind'][] = ['slow', 'abort', 'truncate', 'corrupt']

/** The carrier's `drained` is heard here first; whoever answers gets it when the steps between can take more. */
const hearDrained = (way: Way): void => {
  let theirs = way.carrier.drained
  const ours = (): void => {
    for (const heard of way.onDrained) heard()
    way.goOn()
  }
  way.goOn = () => theirs?.()
  Object.defineProperty(way.carrier, 'drained', {
    configurable: true,
    enumerable: true,
    get: () => ours,
    set: (callback: (() => void) | undefined) => {
      // A wire that forgets it once it has called would forget who answers.
      theirs = callback ?? theirs
    },
  })
}

/** From now on this exchange's answer is distorted. Before the answer begins. */
export const distort = (carrier: Carrier, distortions: readonly Distortion[], after: After): void => {
  const wire = carrier.via
  const way: Way = { carrier, wire, after, onDrained: new Set(), goOn: () => undefined }
  const sorted = ORDER.flatMap((kind) => distortions.filter((distortion) => distortion.kind === kind))
  const first = sorted.reduce((next, distortion) => stepOf(next, distortion, way), toClient(way))
  hearDrained(way)
  const through: Wire = {
    ...wire,
    begin: (_, start) => first.begin(start),
    flush: () => first.flush(),
    write: (_, bytes) => first.write(asBuffer(bytes)),
    end: (_, last, trailers) => {
      if (last !== undefined && last.length > 0) first.write(asBuffer(last))
      first.end(trailers)
    },
  }
  // The wire of this one exchange, not that of its protocol.
  carrier.via = through
}
