import fc from 'fast-check'
import { isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { addressSet, canonicalAddress, clientOf, isAddressRange } from '../../../schemas/semantics/addresses.ts'

describe('addresses', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::', '::'],
    ['::1', '::1'],
    ['10:0:0:0:0:0:0:10', '10::10'],
    ['fe80::1%eth0', 'fe80::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is told as %s', (text, told) => expect(canonicalAddress(text)).toBe(told))

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4/8',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    'g::',
    '0x7f.1',
    '2130706433',
  ])('%s is none', (text) => expect(canonicalAddress(text)).toBeUndefined())

  it('agrees with Node on what an address is, and comes out as it went in', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 20 })), (text) => {
        const told = canonicalAddress(text)
        expect(told !== undefined).toBe(isIP(text) !== 0)
        if (told !== undefined) expect([isIP(told) !== 0, canonicalAddress(told)]).toEqual([true, told])
      }),
    )
  })
})

describe('ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', '11.0.0.0'],
    ['192.0.2.128/25', '192.0.2.200', '192.0.2.127'],
    ['192.0.2.7', '::ffff:192.0.2.7', '192.0.2.8'],
    ['2001:db8::/33', '2001:db8:7fff::1', '2001:db8:8000::1'],
    ['::/0', '192.0.2.1', 'nonsense'],
    ['0.0.0.0/0', '192.0.2.1', '2001:db8::1'],
    ['loopback', '127.9.9.9', '128.0.0.1'],
    ['private', '192.168.3.4', '192.169.0.1'],
  ])('%s holds %s and not %s', (range, inside, outside) => {
    const within = addressSet([range])
    expect([within(inside), within(outside)]).toEqual([true, false])
  })

  it.each(['10.0.0.0/33', '::/129', 'everyone', '10.0.0/8', '10.0.0.0/-1', ''])('%s is none', (text) =>
    expect(isAddressRange(text)).toBe(false),
  )
})

describe('whose an address is', () => {
  it('is one client for IPv4 and one network of 64 bits for IPv6', () => {
    expect(['192.0.2.1', '::ffff:192.0.2.1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', 'x'].map(clientOf)).toEqual([
      '192.0.2.1',
      '192.0.2.1',
      '2001:db8:1:2::/64',
      '2001:db8:1:2::/64',
      'x',
    ])
  })
})
