import { describe, expect, it } from 'vitest'
import type { Ghost } from '../../../schemas/events.ts'
import { answerOf, given, jsonOf, START, textOf } from './given.ts'

const book = (id: number) => JSON.stringify({ id, title: `Book ${id}`, stock: id % 3, kind: 'book' })
const books = [1, 2, 3, 4].map((id) => ({ target: `/books/${id}`, responseBody: book(id) }))

describe('exact answers', () => {
  it('given an answer, when the same is asked, then the very bytes come back', () => {
    const body = '{"b":1.0,"a":12345678901234567890, "a":2}'
    const { ask } = given([{ target: '/odd?x=1', responseBody: body }])
    const answer = answerOf(ask({ target: '/odd?x=1' }))
    expect(textOf(answer)).toBe(body)
    expect(answer).toMatchObject({ ghost: 'exact', status: 200, endpoint: 'shop GET /odd', learnedAt: START })
  })

  it('given bytes that are no text, then they come back as they were', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const { ask } = given([{ target: '/logo.png', responseBody: bytes, responseType: 'image/png' }])
    expect(Buffer.from(answerOf(ask({ target: '/logo.png' })).body).equals(Buffer.from(bytes))).toBe(true)
  })

  it('given GET, when HEAD is asked, then it is what GET has', () => {
    const { ask } = given(books)
    expect(answerOf(ask({ target: '/books/2', method: 'HEAD' }))).toMatchObject({ ghost: 'exact', status: 200 })
  })

  it('given answers that vary, then each request gets its own', () => {
    const vary = [
      { name: 'Vary', value: 'Accept-Language' },
      { name: 'content-type', value: 'application/json' },
    ]
    const language = (value: string) => [{ name: 'accept-language', value }]
    const { ask } = given(
      ['en', 'de'].map((l) => ({
        target: '/hello',
        requestHeaders: language(l),
        responseHeaders: vary,
        responseBody: `{"l":"${l}"}`,
      })),
    )
    expect(textOf(ask({ target: '/hello', headers: language('en') }))).toBe('{"l":"en"}')
    expect(textOf(ask({ target: '/hello', headers: language('de') }))).toBe('{"l":"de"}')
    expect(ask({ target: '/hello', headers: language('fr') })).not.toMatchObject({ ghost: 'exact' })
  })

  it('given another Accept, then the answer to it is not given', () => {
    const accept = (value: string) => [{ name: 'accept', value }]
    const { ask } = given([{ target: '/a', requestHeaders: accept('application/json'), responseBody: '{"a":1}' }])
    expect(ask({ target: '/a', headers: accept('application/json') })).toMatchObject({ ghost: 'exact' })
    expect(ask({ target: '/a', headers: accept('text/csv') })).not.toMatchObject({ ghost: 'exact' })
  })

  it('given a header that changed the answer, then it is asked for', () => {
    const trace = (value: string) => [{ name: 'x-tenant', value }]
    const { ask } = given(
      ['a', 'b'].map((t) => ({ target: '/t', requestHeaders: trace(t), responseBody: `{"t":"${t}"}` })),
    )
    expect(textOf(ask({ target: '/t', headers: trace('a') }))).toBe('{"t":"a"}')
    expect(ask({ target: '/t', headers: trace('c') })).not.toMatchObject({ ghost: 'exact' })
  })
})

describe('answers that are made', () => {
  it('given some books, when an unseen one is asked, then its id is where real answers have it', () => {
    const { ask } = given(books)
    const answer = ask({ target: '/books/3000000' })
    expect(given(books).ask({ target: '/books/5' })).toMatchObject({ ghost: 'template', status: 200 })
    expect(jsonOf(given(books).ask({ target: '/books/5' }))).toMatchObject({ id: 5, kind: 'book' })
    expect(answer).not.toMatchObject({ ghost: 'exact' })
  })

  it('given ids of one value only, then nothing is echoed', () => {
    const { ask } = given([{ target: '/books/7', responseBody: '{"shelf":7}' }])
    expect(textOf(ask({ target: '/books/6' }))).not.toContain('6')
  })

  it('given 404s for far ids, then a far id is 404', () => {
    const missing = [900_000, 800_000, 700_000].map((id) => ({
      target: `/books/${id}`,
      status: 404,
      responseBody: '{"error":"none"}',
    }))
    const { ask } = given([...books, ...missing])
    expect(ask({ target: '/books/950000' })).toMatchObject({ kind: 'answer', status: 404 })
    expect(ask({ target: '/books/4' })).toMatchObject({ status: 200 })
  })

  it('given 404 for unknown paths, then an unknown path is 404; without, it is refused', () => {
    const strays = ['/x', '/y', '/z', '/w'].map((target) => ({ target, status: 404, responseBody: '{"error":"none"}' }))
    expect(given([...books, ...strays]).ask({ target: '/v' })).toMatchObject({
      kind: 'answer',
      status: 404,
      endpoint: '',
    })
    expect(given(books).ask({ target: '/v' })).toMatchObject({ kind: 'refuse', reason: 'unknown-endpoint' })
  })
})

describe('objects', () => {
  const list = { target: '/books', responseBody: JSON.stringify([5, 6].map((id) => JSON.parse(book(id)))) }

  it('given a list that showed it, when the object is asked, then it is that', () => {
    const { ask } = given([...books, list])
    expect(jsonOf(ask({ target: '/books/6' }))).toEqual(JSON.parse(book(6)))
  })

  it('given a DELETE, then it is gone', () => {
    const { ask } = given([...books, { target: '/books/2', method: 'DELETE', status: 204, responseBody: '' }])
    expect(ask({ target: '/books/2' })).toMatchObject({ kind: 'answer', status: 404 })
    expect(ask({ target: '/books/1' })).toMatchObject({ status: 200 })
  })

  it('given a PUT, then the old answer is not given any more', () => {
    const put = {
      target: '/books/2',
      method: 'PUT',
      requestBody: '{"title":"New"}',
      responseBody: '{"id":2,"title":"New","stock":1,"kind":"book"}',
    }
    expect(jsonOf(given([...books, put]).ask({ target: '/books/2' }))).toMatchObject({ title: 'New' })
  })
})

describe('writes', () => {
  const post = {
    target: '/books',
    method: 'POST',
    status: 201,
    requestBody: '{"title":"A"}',
    responseBody: '{"id":9,"title":"A"}',
  }
  const other = { ...post, requestBody: '{"title":"B"}', responseBody: '{"id":10,"title":"B"}' }
  it('are refused, known or not', () => {
    const { ask } = given([post, other])
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(ask({ target: '/books', method })).toMatchObject({ kind: 'refuse', reason: 'write' })
  })
  it('are answered when the ingress asks for it', () => {
    const { ask } = given([post, other])
    const verdict = ask({ target: '/books', method: 'POST', body: Buffer.from('{"title":"C"}'), writes: true })
    expect(verdict).toMatchObject({ ghost: 'mock', status: 201 })
    expect(jsonOf(verdict)).toMatchObject({ title: 'C' })
  })
})

describe('what may not be kept', () => {
  const secret = 'sekrit-value'
  const answer = (responseHeaders: { name: string; value: string }[]) => ({
    target: '/a',
    responseHeaders,
    responseBody: `{"v":"${secret}"}`,
  })
  it.each(['no-store', 'private', 'max-age=5, private'])(
    'given Cache-Control: %s to nobody, then nobody gets it',
    (value) => {
      const { ask, offline } = given([
        answer([{ name: 'Cache-Control', value }]),
        answer([{ name: 'cache-control', value }]),
      ])
      expect(textOf(ask({ target: '/a' }))).not.toContain(secret)
      expect(JSON.stringify([...offline.parts.values()].map((p) => Buffer.from(p.payload).toString()))).not.toContain(
        secret,
      )
    },
  )
  it('given an answer that opens a session, then nobody gets it', () => {
    const { ask } = given([
      answer([{ name: 'Set-Cookie', value: 'cp_x' }]),
      answer([{ name: 'set-cookie', value: 'cp_y' }]),
    ])
    expect(textOf(ask({ target: '/a' }))).not.toContain(secret)
  })
  it('given no-store after a plain answer, then the older one goes', () => {
    const { ask } = given([answer([]), answer([{ name: 'cache-control', value: 'no-store' }])])
    expect(ask({ target: '/a' })).not.toMatchObject({ ghost: 'exact' })
  })
  it('gives no cookies, credentials, dates, lengths or fields with controls', () => {
    const bad = ['\r', '\n', '\0', '\r\nx-evil: 1'].map((c, i) => ({ name: `x-a${i}`, value: `a${c}b` }))
    const never = [
      'Date',
      'Content-Length',
      'Connection',
      'Transfer-Encoding',
      'x-ghost',
      'Age',
      'x-request-id',
      'Authorization',
    ]
    const { ask } = given([
      {
        target: '/a',
        principal: 'cp_p',
        responseBody: '{}',
        responseHeaders: [
          ...bad,
          ...never.map((name) => ({ name, value: 'v' })),
          { name: 'set-cookie', value: 'cp_x' },
          { name: 'connection', value: 'x-hop' },
          { name: 'x-hop', value: '1' },
          { name: 'bad name', value: '1' },
          { name: 'X-Good', value: 'yes' },
        ],
      },
    ])
    expect(answerOf(ask({ target: '/a', principal: 'cp_p' })).headers).toEqual([{ name: 'X-Good', value: 'yes' }])
  })
})

describe('poisoning', () => {
  const evil = (w: object) => ({ target: '/p', responseBody: '{"evil":1}', ...w })
  const cut = { mediaType: 'application/json', coding: '', bytes: Buffer.from('{"evil":1}'), length: 99, cut: true }
  it.each([
    ['an error', { status: 500 }],
    ['a fault', { with: { faults: ['latency'] } }],
    ['a ghost', { with: { answeredBy: 'ghost' as const } }],
    ['the limiter', { with: { answeredBy: 'limiter' as const } }],
    ['a replay', { with: { replayed: true } }],
    ['an aborted answer', { with: { complete: false } }],
    ['a cut body', { with: { responseBody: cut } }],
    ['a part', { status: 206 }],
  ])('given %s, then it never becomes a ghost', (_, w) => {
    const { ask, offline } = given([evil(w), evil(w), evil(w)])
    expect(textOf(ask({ target: '/p' }))).not.toContain('evil":1')
    expect(
      offline.emitted.filter((e) => e.topic === 'ghosts' && JSON.stringify((e.value as Ghost).kind) === '"answer"'),
    ).toEqual([])
  })
  it('given hostile names, then nothing is polluted and they come back as fields', () => {
    const body = '{"__proto__":{"polluted":1},"constructor":{"x":2},"toString":3}'
    const { ask } = given(
      [1, 2, 3, 4].map((id) => ({
        target: `/h/${id}?__proto__=1&constructor=2`,
        responseBody: body,
        requestHeaders: [{ name: '__proto__', value: 'x' }],
      })),
    )
    expect(textOf(ask({ target: '/h/1?__proto__=1&constructor=2' }))).toBe(body)
    expect(textOf(ask({ target: '/h/9' }))).toContain('__proto__')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('fidelity', () => {
  it('is published with the endpoint and becomes the confidence', () => {
    const { ask, offline } = given(Array.from({ length: 40 }, () => books[0] ?? { target: '' }))
    const part = [...offline.parts.values()].find((p) => p.kind === 'endpoint')
    expect(part?.fidelity).toBeCloseTo(1, 5)
    expect(answerOf(ask({ target: '/books/1' })).confidence).toBeGreaterThan(0.98)
  })
  it('falls where answers change all the time', () => {
    const { ask } = given(
      Array.from({ length: 40 }, (_, i) => ({ target: '/clock', responseBody: `{"t":${i},"u":${i * 7}}` })),
    )
    expect(answerOf(ask({ target: '/clock' })).confidence).toBeLessThan(0.6)
  })
})

describe('activations', () => {
  const ghost = {
    with: { answeredBy: 'ghost' as const, why: 'refused', ghost: { kind: 'exact', confidence: 1, activation: 'a1' } },
  }
  const spans = (g: ReturnType<typeof given>) =>
    g.offline.activations.map((a) => [a.id, a.answers.map((c) => c.count)[0], a.endedAt > 0])
  it('open, grow with back-off, and close when live answers return', () => {
    const outage = Array.from({ length: 9 }, () => ({ ...books[0], target: '/books/1', ...ghost }))
    // The backend comes up with an error of its own among them.
    const failed = { target: '/books/1', status: 500 }
    expect(spans(given([...books, ...outage.slice(5), failed, ...outage.slice(0, 5), ...books]))).toEqual([
      ['a1', 1, false],
      ['a1', 2, false],
      ['a1', 4, false],
      ['a1', 8, false],
      ['a1', 9, true],
    ])
  })
  it('count what was refused, as the ingress says it in Proxy-Status', () => {
    const value = 'chaos-proxy; error=connection_refused; details="no ghost: low-confidence: why"'
    const refused = {
      with: { answeredBy: 'self' as const, why: 'connect-failed', responseHeaders: [{ name: 'proxy-status', value }] },
    }
    const other = { with: { answeredBy: 'self' as const, why: 'rate-limited' } }
    const asked = [ghost, refused, other, refused].map((how) => ({ target: '/books/1', ...how }))
    const { offline } = given([...books, ...asked, ...books])
    expect(offline.activations.at(-1)).toMatchObject({ refused: 2, answers: [{ name: 'exact', count: 1 }] })
  })
  it('close by time when nobody asks any more', () => {
    expect(spans(given([...books, { target: '/books/1', ...ghost }]))).toEqual([
      ['a1', 1, false],
      ['a1', 1, true],
    ])
  })
})
