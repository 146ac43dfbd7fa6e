import { expect, it } from 'vitest'
import { addressOf } from '../../../../ingress/edge/upstream/address.ts'

it.each([
  ['http://10.0.0.1', { host: '10.0.0.1', port: 80, secure: false }],
  ['https://shop.example', { host: 'shop.example', port: 443, secure: true }],
  ['https://[2001:db8::1]:8443', { host: '2001:db8::1', port: 8443, secure: true }],
])('%s leads to %o', (url, address) => expect(addressOf(url)).toEqual(address))
