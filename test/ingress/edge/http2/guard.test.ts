import { describe, expect, it } from 'vitest'
import { closed, look, openGuard, type Fault, type Guard } from '../../../../ingress/edge/http2/guard.ts'
import { frame, PREFACE, uint32, type WireFrame } from '../../kit/frames.ts'

const [DATA, HEADERS, PRIORITY, RST, SETTINGS, PING, WINDOW, CONTINUATION] = [0, 1, 2, 3, 4, 6, 8, 9]
const END = 1
const END_HEADERS = 4
const WHOLE = END | END_HEADERS
const [FLOW_CONTROL, STREAM_CLOSED, CALM] = [3, 5, 11]

interface Heard {
  readonly guard: Guard
  readonly passed: Buffer
  readonly fault: Fault | undefined
}

const begun = (): Guard => {
  const guard = openGuard(0)
  look(guard, PREFACE, { now: 0, written: () => 0 }, () => undefined)
  return guard
}

const hear = (guard: Guard, frames: readonly WireFrame[], now = 0, written = 0): Heard => {
  const passed: Uint8Array[] = []
  const bytes = Buffer.concat(frames.map(frame))
  const fault = look(guard, bytes, { now, written: () => written }, (some) => passed.push(some))
  return { guard, passed: Buffer.concat(passed), fault }
}

const many = (count: number, one: WireFrame): WireFrame[] => Array.from({ length: count }, () => one)
const code = (...frames: WireFrame[]): number | undefined => hear(begun(), frames).fault?.code

describe('a stream that the client has closed', () => {
  const request = { type: HEADERS, flags: WHOLE, stream: 1 }
  const upload = { type: HEADERS, flags: END_HEADERS, stream: 1 }
  it('takes neither a body nor a head', () => {
    expect(code(request, { type: DATA, stream: 1 })).toBe(STREAM_CLOSED)
    expect(code(request, request)).toBe(STREAM_CLOSED)
    expect(code(upload, { type: RST, stream: 1, payload: uint32(8) }, { type: DATA, stream: 1 })).toBe(STREAM_CLOSED)
    expect(code({ ...request, stream: 5 }, { ...request, stream: 3 })).toBe(STREAM_CLOSED)
  })
  it('takes what may have been on its way, and PRIORITY', () => {
    const window = { type: WINDOW, stream: 1, payload: uint32(5) }
    const late = [window, { type: RST, stream: 1, payload: uint32(8) }, { type: PRIORITY, stream: 1 }]
    expect(code(request, ...late)).toBeUndefined()
  })
  it('was open until its end: bodies, trailers', () => {
    expect(code(upload, { type: DATA, stream: 1 }, { type: HEADERS, flags: WHOLE, stream: 1 })).toBeUndefined()
    expect(code(upload, { type: DATA, flags: END, stream: 1 }, { type: DATA, stream: 1 })).toBe(STREAM_CLOSED)
  })
})

describe('a stream that we have closed', () => {
  const upload = (stream: number): WireFrame => ({ type: HEADERS, flags: END_HEADERS, stream })
  it('may still be sent on, until the client ends it', () => {
    const { guard } = hear(begun(), [upload(1)])
    closed(guard, 1)
    expect(hear(guard, [{ type: DATA, stream: 1 }]).fault).toBeUndefined()
    expect(hear(guard, [{ type: DATA, flags: END, stream: 1 }]).fault).toBeUndefined()
    expect(hear(guard, [{ type: DATA, stream: 1 }]).fault?.code).toBe(STREAM_CLOSED)
  })
  it('is forgotten after many others, and one that stays open is not', () => {
    const { guard } = hear(begun(), [upload(1)])
    for (let stream = 3; stream < 20_003; stream += 2) {
      expect(hear(guard, [upload(stream)]).fault).toBeUndefined()
      closed(guard, stream)
    }
    expect(guard.open.size + guard.left.size).toBeLessThan(300)
    expect(
      hear(guard, [
        { type: DATA, stream: 20_001 },
        { type: DATA, stream: 1 },
      ]).fault,
    ).toBeUndefined()
    expect(hear(guard, [{ type: DATA, stream: 3 }]).fault?.code).toBe(STREAM_CLOSED)
  })
})

it('bounds the streams that never end', () => {
  const opened = Array.from({ length: 1025 }, (_, i) => ({ type: HEADERS, flags: END_HEADERS, stream: 2 * i + 1 }))
  expect(code(...opened.slice(0, 1024))).toBeUndefined()
  expect(code(...opened)).toBe(CALM)
})

it('leaves out answers to pings that nobody sent', () => {
  const ping = { type: PING, payload: Buffer.alloc(8) }
  const { passed, fault } = hear(begun(), [{ ...ping, flags: 1 }, ping])
  expect([passed, fault]).toEqual([frame(ping), undefined])
})

it('ends a connection whose window grows beyond what any can be', () => {
  const most = { type: WINDOW, payload: uint32(2 ** 31 - 1) }
  expect(hear(begun(), [most]).fault?.code).toBe(FLOW_CONTROL)
  const { guard, fault } = hear(begun(), [most], 0, 65_535)
  expect(fault).toBeUndefined()
  expect(hear(guard, [{ ...most, payload: uint32(1) }], 0, 65_535).fault?.code).toBe(FLOW_CONTROL)
  expect(hear(begun(), [{ ...most, stream: 1 }]).fault).toBeUndefined()
})

describe('a flood of frames that bring nothing', () => {
  const kinds: [string, WireFrame][] = [
    ['pings', { type: PING, payload: Buffer.alloc(8) }],
    ['answers to pings', { type: PING, flags: 1, payload: Buffer.alloc(8) }],
    ['settings', { type: SETTINGS }],
    ['priorities', { type: PRIORITY, stream: 1, payload: Buffer.alloc(5) }],
    ['resets', { type: RST, stream: 1, payload: uint32(8) }],
  ]
  it.each(kinds)('%s', (_name, one) => {
    expect(code(...many(10_000, one))).toBeUndefined()
    expect(code(...many(10_001, one))).toBe(CALM)
  })
  it('empty bodies', () => {
    const open = { type: HEADERS, flags: END_HEADERS, stream: 1 }
    expect(code(open, ...many(10_001, { type: DATA, stream: 1 }))).toBe(CALM)
  })
  it('is none where bytes move, or time passes', () => {
    const ping = { type: PING, payload: Buffer.alloc(8) }
    const { guard } = hear(begun(), many(10_000, ping))
    expect(hear(guard, many(100, ping), 1000).fault).toBeUndefined()
    expect(hear(guard, many(1000, ping), 1000, 1 << 20).fault).toBeUndefined()
    expect(hear(guard, many(1000, ping), 1000, 1 << 20).fault?.code).toBe(CALM)
  })
})

it('knows since when a head is coming', () => {
  const guard = openGuard(7)
  expect(guard.awaited).toBe(7)
  hear(guard, [], 8)
  look(guard, PREFACE, { now: 9, written: () => 0 }, () => undefined)
  expect(guard.awaited).toBe(0)
  hear(guard, [{ type: HEADERS, flags: END, stream: 1 }], 20)
  hear(guard, [{ type: CONTINUATION, stream: 1, payload: Buffer.alloc(3) }], 30)
  expect(guard.awaited).toBe(20)
  hear(guard, [{ type: CONTINUATION, flags: END_HEADERS, stream: 1 }], 40)
  expect(guard.awaited).toBe(0)
  look(guard, frame({ type: DATA, stream: 0 }).subarray(0, 4), { now: 50, written: () => 0 }, () => undefined)
  expect(guard.awaited).toBe(50)
})
