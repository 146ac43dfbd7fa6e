import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRedactor } from '../../../schemas/semantics/redaction.ts'
import { testKeyed } from '../../kit/keyed.ts'

const openRedactor = () =>
  createRedactor(testKeyed, { headers: ['x-tenant-key'], fields: ['shoeSize'], pii: 'pseudonymise' })
const redactor = openRedactor()
const body = (text: string, type = 'application/json'): string =>
  Buffer.from(redactor.body(Buffer.from(text), type)).toString()

describe('secrets do not pass', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl'
  test.each([
    ['a password field', '{"user":"ann","password":"hunter2canary"}', 'hunter2canary'],
    ['a token in camel case', '{"accessToken" : "canary-1"}', 'canary-1'],
    ['a numeric pin', '{"pin": 493817}', '493817'],
    ['a field of the settings', '{"shoe_size":"canary-44"}', 'canary-44'],
    ['an escaped name', '{"pass\\u0077ord":"canary-2"}', 'canary-2'],
    ['JSON inside a JSON string', '{"raw":"{\\"password\\":\\"canary-3\\"}"}', 'canary-3'],
    ['a body that was cut in the secret', '{"password":"canary-4', 'canary-4'],
    ['a JWT anywhere', `{"note":"see ${jwt} there"}`, jwt],
    ['a card number', '{"note":"4111 1111 1111 1111"}', '1111 1111'],
    ['an e-mail address', '{"note":"write to ann.canary@example.org"}', 'ann.canary'],
  ])('%s', (_, text, canary) => {
    expect(body(text)).not.toContain(canary)
  })

  test('in forms, multipart, queries and headers', () => {
    expect(body('user=ann&pass%77ord=canary', 'application/x-www-form-urlencoded')).toBe(
      `user=ann&pass%77ord=cp_${testKeyed.pseudonym('canary')}`,
    )
    const part = '--b\r\ncontent-disposition: form-data; name="password"\r\n\r\ncanary\r\n--b--'
    expect(body(part, 'multipart/form-data; boundary=b')).not.toContain('canary')
    expect(redactor.target('/login?api_key=canary&q=ann%40canary.org')).not.toContain('canary')
    const headers = redactor.headers([
      { name: 'Authorization', value: 'Bearer canary' },
      { name: 'x-tenant-key', value: 'canary' },
      { name: 'Location', value: '/next?token=canary' },
      { name: 'X-Other', value: 'stays' },
    ])
    expect(JSON.stringify(headers)).not.toContain('canary')
    expect(headers[3]).toEqual({ name: 'X-Other', value: 'stays' })
  })
})

test.each([
  ['x-parse-session-token', true],
  ['PRIVATE-TOKEN', true],
  ['X-Vault-Token', true],
  ['DD-API-KEY', true],
  ['Ocp-Apim-Subscription-Key', true],
  ['x-hasura-admin-secret', true],
  ['idempotency-key', false],
  ['sec-websocket-key', false],
  ['x-continuation-token', false],
  ['x-monkey', false],
])('a header is known for a secret by what vendors call theirs: %s %s', (name, isSecret) => {
  const [header] = redactor.headers([{ name, value: 'canary' }])
  expect(header?.value.includes('canary')).toBe(!isSecret)
})

test('cookies that hold a credential have the pseudonym of the principal, others none', () => {
  const sent = [{ name: 'Cookie', value: 'theme=dark; sid=1; _ga=GA1.2' }]
  expect(redactor.headers(sent)[0]?.value).toBe(redactor.principal(sent))
  expect(redactor.headers([{ name: 'Cookie', value: '_ga=GA1.2' }])[0]?.value).toBe('')
})

test('the same credential has one pseudonym, in a body, in a header and as principal', () => {
  const issued = JSON.parse(body('{"token":"abc.def"}')) as { token: string }
  const sent = [{ name: 'authorization', value: 'Bearer abc.def' }]
  expect(redactor.principal(sent)).toBe(issued.token)
  expect(redactor.headers(sent)[0]?.value).toBe(issued.token)
})

describe('the asker’s own credential', () => {
  const cp = (secret: string): string => `cp_${testKeyed.pseudonym(secret)}`
  const back = (text: string, authorization: string): string =>
    Buffer.from(redactor.restoreOwn(Buffer.from(text), [{ name: 'Authorization', value: authorization }])).toString()
  const echo = `{"token":"${cp('abc.def')}","other":"${cp('xyz')}","city":"Zürich"}`

  test('comes back where exactly its pseudonym stands, without its scheme', () => {
    expect(back(echo, 'Bearer abc.def')).toBe(`{"token":"abc.def","other":"${cp('xyz')}","city":"Zürich"}`)
  })
  test.each([
    ['no credential', '{}', [], echo],
    ['another’s credential', 'Bearer stranger', undefined, echo],
    ['another’s pseudonym sent as the credential', `Bearer ${cp('abc.def')}`, undefined, echo],
    ['a longer name', 'Bearer abc.def', undefined, `{"t":"${cp('abc.def')}x","u":"x${cp('abc.def')}"}`],
    ['a credential that would end the string', 'Bearer a"b', undefined, `{"t":"${cp('a"b')}"}`],
    ['a cookie', '', [{ name: 'cookie', value: 'sid=abc.def' }], `{"t":"${cp('sid=abc.def')}"}`],
  ])('nothing else comes back: %s', (_, authorization, headers, text) => {
    const got = headers === undefined ? back(text, authorization) : redactor.restoreOwn(Buffer.from(text), headers)
    expect(Buffer.from(got).toString()).toBe(text)
  })
})

test('analytics cookies do not make another principal', () => {
  const principal = (cookie: string): string => redactor.principal([{ name: 'Cookie', value: cookie }])
  expect(principal('sid=1; _ga=GA1.2')).toBe(principal('_ga=GA1.9; sid=1'))
  expect(principal('_ga=GA1.2')).toBe('')
  expect(principal('sid=1')).not.toBe(principal('sid=2'))
})

test('what is no secret stays byte for byte', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      fc.pre(
        !/[@%]|eyJ|\d[\d -]{11,}/.test(text) &&
          !/password|token|secret|pin|auth|sig|otp|pwd|jwt|ssn|cv|csrf/i.test(text),
      )
      expect(body(text)).toBe(text)
    }),
  )
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect(redactor.body(bytes, 'text/plain')).toEqual(bytes)
})

test('redaction is idempotent', () => {
  const once = body('{"token":"abc","mail":"ann@example.org","card":"4111111111111111","n":1}')
  expect(body(once)).toBe(once)
})

test('hostile bodies take linear time', () => {
  const hostile = (n: number): Uint8Array =>
    Buffer.from('{"a":"' + 'a.'.repeat(n) + '@' + '1-'.repeat(n) + '"\\"'.repeat(n))
  const cost = (bytes: Uint8Array): number => {
    const start = process.cpuUsage().user
    for (let i = 0; i < 5; i++) openRedactor().body(bytes, 'application/json')
    return process.cpuUsage().user - start
  }
  const [small, large] = [hostile(10_000), hostile(80_000)]
  const rounds = Array.from({ length: 8 }, () => [cost(small), cost(large)] as const)
  const least = (of: 0 | 1): number => Math.min(...rounds.map((round) => round[of]))
  // Eight times the length: eight times the cost, were it not for the garbage collector; 64 times if it were quadratic.
  expect(least(1)).toBeLessThan(24 * Math.max(least(0), 500))
})

describe('pairs of a name and a value', () => {
  /** As the rule reads: each name's value up to the next ampersand. Dashes in a name do not count (`to-ken`). */
  const PAIR = /([^=&?;]{1,64})=([^&]*)/g
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text.replaceAll('+', ' '))
    } catch {
      return text
    }
  }
  const secrets = new Set(['token', 'sig', 'shoesize'])
  const hidden = (value: string): string => (value.startsWith('cp_') ? value : `cp_${testKeyed.pseudonym(value)}`)
  const isSecret = (name: string): boolean => secrets.has(decoded(name).toLowerCase().replaceAll('-', ''))
  const expected = (text: string): string =>
    text.replace(PAIR, (all, name: string, value: string) =>
      value !== '' && isSecret(name) ? `${name}=${hidden(decoded(value))}` : all,
    )
  const part = fc.oneof(
    fc.constantFrom(
      'token',
      'Sig',
      'shoeSize',
      't%6Fken',
      '%zz',
      'page',
      '=',
      '&',
      '?',
      ';',
      '+',
      'cp_x',
      'x'.repeat(70),
    ),
    fc.string({ unit: fc.constantFrom('a', 'k', 'e', 'n', '7', '-'), maxLength: 3 }),
  )
  test('are replaced where the name is a secret’s, however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const query = parts.join('')
        expect(redactor.target(`/x?${query}`)).toBe(`/x?${expected(query)}`)
      }),
      { numRuns: 1000 },
    )
  })
})
