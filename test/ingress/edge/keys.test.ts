import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newSpan, newTrace, uuid7 } from '../../../ingress/edge/ids.ts'
import { openKeys } from '../../../ingress/edge/keys.ts'

const secret = (text: string): Uint8Array => new TextEncoder().encode(text)
const keys = openKeys(secret('one secret of a test'))
const other = openKeys(secret('another secret of it'))
const latin1 = fc.stringMatching(/^[\x20-\xff]{1,60}$/)

describe('keys', () => {
  it('open what they sealed, and nothing that another key sealed', () => {
    fc.assert(
      fc.property(latin1, (text) => {
        const token = keys.seal(text)
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(keys.seal(text)).toBe(token)
        const sealed = `a ${token}@sealed.invalid b`
        expect(keys.unseal(sealed)).toBe(`a ${text} b`)
        expect(other.unseal(sealed)).toBe(sealed)
      }),
    )
  })

  it('do not open a seal that was changed', () => {
    const token = keys.seal('joe@example.com')
    for (let i = 0; i < token.length - 1; i++) {
      const changed = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1)
      expect(keys.unseal(`${changed}@sealed.invalid`)).toBe(`${changed}@sealed.invalid`)
    }
  })

  it('give the same pseudonym for the same text, and another under another key', () => {
    expect(keys.pseudonym('joe')).toBe(openKeys(secret('one secret of a test')).pseudonym('joe'))
    expect(keys.pseudonym('joe')).not.toBe(other.pseudonym('joe'))
    expect(keys.pseudonym('joe')).not.toBe(keys.pseudonym('jo'))
  })

  it('open sealed values in a body byte for byte', () => {
    const body = Buffer.concat([
      Buffer.from([0xc3, 0xa9]),
      Buffer.from(`"${keys.seal('joe@example.com')}@sealed.invalid"`),
    ])
    expect(Buffer.from(keys.unsealBody(body))).toEqual(
      Buffer.concat([Buffer.from([0xc3, 0xa9]), Buffer.from('"joe@example.com"')]),
    )
  })

  it('refuse a secret that is none', () => expect(() => openKeys(secret('short'))).toThrow(/at least 16/))
})

it('makes ids that are UUIDv7, rise with time and do not repeat', () => {
  const ids = Array.from({ length: 2000 }, (_, i) => uuid7(1_700_000_000_000 + i))
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(Array.from({ length: 2000 }, () => uuid7(1))).size).toBe(2000)
  expect([newSpan(), newTrace()].map((id) => id.length)).toEqual([16, 32])
})
