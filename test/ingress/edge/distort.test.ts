import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnswerStart, Carrier, Wire } from '../../../ingress/edge/carrier.ts'
import { corruptJson } from '../../../ingress/edge/corrupt.ts'
import { distort } from '../../../ingress/edge/distort.ts'
import type { Distortion } from '../../../ingress/phases/context.ts'

/** A client's wire that notes what comes, takes as much as it is told to, and a clock that the test turns. */
const stand = (distortions: readonly Distortion[]) => {
  const seen = { text: '', start: undefined as AnswerStart | undefined, end: '', flushed: 0 }
  const client = { ready: true }
  let timers: { at: number; ring: () => void }[] = []
  let now = 0
  const wire = {
    begin: (_: Carrier, start: AnswerStart) => void (seen.start = start),
    flush: () => void seen.flushed++,
    write: (_: Carrier, bytes: Uint8Array) => {
      seen.text += Buffer.from(bytes).toString()
      return client.ready
    },
    end: (c: Carrier, last: Uint8Array | undefined) => {
      seen.text += last === undefined ? '' : Buffer.from(last).toString()
      seen.end = 'clean'
      c.over = true
    },
    destroy: (c: Carrier) => {
      seen.end = 'broken'
      c.over = true
    },
    reset: (c: Carrier) => {
      seen.end = 'reset'
      c.over = true
    },
  } as unknown as Wire
  const carrier: Carrier = {
    expecting: false,
    via: wire,
    received: true,
    begun: false,
    sent: false,
    over: false,
    drained: undefined,
    closed: undefined,
  }
  distort(carrier, distortions, (ms, then) => void timers.push({ at: now + ms, ring: then }))
  const pass = (ms: number): void => {
    const until = now + ms
    for (;;) {
      const next = timers.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > until) break
      timers = timers.filter((timer) => timer !== next)
      now = next.at
      next.ring()
    }
    now = until
  }
  const answer = (body: string, lines: readonly string[] = []): void => {
    const { length } = Buffer.from(body)
    const head = { status: 200, reason: 'OK', length, bodiless: false, close: false }
    carrier.via.begin(carrier, { ...head, lines: ['content-length', String(length), ...lines] })
    for (let i = 0; i < body.length; i += 7) carrier.via.write(carrier, Buffer.from(body.slice(i, i + 7)))
    carrier.via.end(carrier, undefined, [])
  }
  return { seen, carrier, client, pass, answer, timers: () => timers.length }
}

const JSON_TYPE = ['content-type', 'application/json; charset=utf-8']

describe('a slow body', () => {
  it('comes at its rate, whole, and ends', () => {
    const { seen, pass, answer, timers } = stand([{ kind: 'slow', rate: 100 }])
    const body = 'x'.repeat(500)
    answer(body)
    pass(1000)
    expect(seen.text.length).toBeGreaterThan(80)
    expect(seen.text.length).toBeLessThanOrEqual(105)
    pass(10_000)
    expect([seen.text, seen.end, timers()]).toEqual([body, 'clean', 0])
  })

  it('holds its source back and lets it go on, and waits for the client', () => {
    const { carrier, client, pass, seen } = stand([{ kind: 'slow', rate: 1_000_000 }])
    let goOn = 0
    carrier.drained = () => goOn++
    expect(carrier.via.write(carrier, Buffer.alloc(100_000, 'a'))).toBe(false)
    client.ready = false
    pass(50)
    const soFar = seen.text.length
    pass(5000)
    expect([seen.text.length, goOn]).toEqual([soFar, 0])
    client.ready = true
    const { drained } = carrier
    carrier.drained = undefined
    drained()
    pass(1000)
    expect(seen.text.length).toBe(100_000)
    expect(goOn).toBeGreaterThan(0)
  })

  it('stops its clock when the client is gone', () => {
    const { carrier, answer, pass, timers } = stand([{ kind: 'slow', rate: 10 }])
    answer('x'.repeat(1000))
    carrier.over = true
    pass(100)
    expect(timers()).toBe(0)
  })

  it('passes every byte in order, however it comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 0, maxLength: 40 })),
        fc.integer({ min: 1, max: 5000 }),
        (parts, rate) => {
          const { carrier, seen, pass } = stand([{ kind: 'slow', rate }])
          for (const part of parts) {
            carrier.via.write(carrier, Buffer.from(part))
            pass(rate % 70)
          }
          carrier.via.end(carrier, Buffer.from('!'), [])
          pass(5_000_000)
          expect(seen).toMatchObject({ text: parts.join('') + '!', end: 'clean' })
        },
      ),
    )
  })
})

describe('truncation and abort', () => {
  it.each<[Distortion, string, number]>([
    [{ kind: 'truncate', bytes: 10, end: 'broken' }, 'broken', 26],
    [{ kind: 'truncate', bytes: 10, end: 'clean' }, 'clean', 10],
    [{ kind: 'abort', bytes: 10 }, 'reset', 26],
  ])('%j', (distortion, end, length) => {
    const { seen, answer, pass } = stand([distortion])
    answer('abcdefghijklmnopqrstuvwxyz')
    pass(1)
    expect(seen).toMatchObject({ text: 'abcdefghij', end })
    expect([seen.start?.length, seen.start?.lines]).toEqual([length, ['content-length', String(length)]])
  })

  it('does nothing to a body that is no longer', () => {
    const { seen, answer, pass } = stand([{ kind: 'truncate', bytes: 26, end: 'broken' }])
    answer('abcdefghijklmnopqrstuvwxyz')
    pass(1)
    expect(seen).toMatchObject({ text: 'abcdefghijklmnopqrstuvwxyz', end: 'clean' })
  })

  it('breaks a slow body only when what passes has passed', () => {
    const { seen, answer, pass } = stand([
      { kind: 'truncate', bytes: 20, end: 'broken' },
      { kind: 'slow', rate: 20 },
    ])
    answer('abcdefghijklmnopqrstuvwxyz')
    pass(500)
    expect(seen.end).toBe('')
    pass(2000)
    expect(seen).toMatchObject({ text: 'abcdefghijklmnopqrst', end: 'broken' })
  })
})

describe('corruption', () => {
  it('spoils one field and says the right length', () => {
    const { seen, answer } = stand([{ kind: 'corrupt', field: '/items/1/price', how: 'type' }])
    answer('{"items":[{"price":1},{"price":2}]}', JSON_TYPE)
    expect(JSON.parse(seen.text)).toEqual({ items: [{ price: 1 }, { price: '2' }] })
    expect(seen.start?.lines).toEqual([...JSON_TYPE, 'content-length', String(seen.text.length)])
    expect(seen).toMatchObject({ end: 'clean', start: { length: seen.text.length } })
  })

  it.each([
    ['no JSON', 'hello', ['content-type', 'text/plain']],
    ['broken JSON', '{"a":', JSON_TYPE],
    ['another field', '{"b":1}', JSON_TYPE],
    ['a coded body', 'zzzz', [...JSON_TYPE, 'content-encoding', 'gzip']],
    ['a long body', `{"a":"${'x'.repeat(1_100_000)}"}`, JSON_TYPE],
  ])('leaves %s as it is', (_name, body, lines) => {
    const { seen, answer } = stand([{ kind: 'corrupt', field: 'a', how: 'null' }])
    answer(body, lines)
    expect(seen.text === body).toBe(true)
    expect(seen.end).toBe('clean')
  })

  it.each([
    ['a', 'null', { a: null, b: [{ a: null }] }],
    ['/b/0', 'drop', { a: 'x', b: [] }],
    ['/a', 'type', { a: 1, b: [{ a: true }] }],
    ['/a', 'garbage', { a: 'x\ufffd', b: [{ a: true }] }],
    ['/b/0/a', 'type', { a: 'x', b: [{ a: 'maybe' }] }],
  ] as const)('spoils %s by %s', (field, how, expected) => {
    expect(JSON.parse(corruptJson('{"a":"x","b":[{"a":true}]}', field, how) ?? '')).toEqual(expected)
  })

  it('is not led into prototypes', () => {
    corruptJson(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}',
      '/__proto__/polluted',
      'type',
    )
    corruptJson('{"a":1}', '/constructor/prototype/polluted', 'type')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(corruptJson('{"a":1}', '/toString', 'null')).toBeUndefined()
  })
})
