import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../deploy/config/load.ts'
import { maskedConfig } from '../../../deploy/config/masked.ts'
import { ConfigError } from '../../../deploy/config/problems.ts'
import { kafkaSecurity, registrySecurity } from '../../../deploy/roles/security.ts'

const dir = mkdtempSync(join(tmpdir(), 'cp-security-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const file = (name: string, text = PEM): string => {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}
const log = (environment: Record<string, string>) => loadConfig({ environment, flags: [] }).config.log
const env = (path: string) => `CHAOS_PROXY_LOG__${path}`

describe('the way to Kafka', () => {
  test('is plain until somebody says otherwise', () => {
    expect(kafkaSecurity(log({}))).toEqual({})
  })

  test('with ssl true it is TLS as the system trusts it', () => {
    expect(kafkaSecurity(log({ [env('SSL')]: 'true' }))).toEqual({ ssl: true })
  })

  test('with files it is TLS with what stands in them', () => {
    const names = { [env('SSL__CA')]: file('ca'), [env('SSL__CERT')]: file('cert'), [env('SSL__KEY')]: file('key') }
    expect(kafkaSecurity(log(names))).toEqual({ ssl: { ca: PEM, cert: PEM, key: PEM } })
    expect(kafkaSecurity(log({ [env('SSL__CA')]: file('ca') }))).toEqual({ ssl: { ca: PEM } })
  })

  test('a file that is not there, or no certificate, is told with the setting, the place and the cure', () => {
    const missing = log({ [env('SSL__CA')]: join(dir, 'none.pem') })
    expect(() => kafkaSecurity(missing)).toThrow(`log.ssl.ca: ${join(dir, 'none.pem')}: there is no such file`)
    expect(() => kafkaSecurity(log({ [env('SSL__CA')]: dir }))).toThrow('it is a folder')
    expect(() => kafkaSecurity(log({ [env('SSL__CA')]: file('der', '\u0030\u0082') }))).toThrow('is no PEM file')
  })

  test('a login has a name and a password', () => {
    const both = { [env('SASL__USERNAME')]: 'me', [env('SASL__PASSWORD')]: '1234' }
    expect(kafkaSecurity(log(both))).toEqual({ sasl: { mechanism: 'plain', username: 'me', password: '1234' } })
    expect(kafkaSecurity(log({ ...both, [env('SASL__MECHANISM')]: 'scram-sha-512' })).sasl).toMatchObject({
      mechanism: 'scram-sha-512',
    })
  })
})

describe('the way to the registry', () => {
  const given = (registry: string, more: Record<string, string> = {}) =>
    registrySecurity(log({ SCHEMA_REGISTRY_URL: registry, ...more }))

  test('a user in the URL becomes a login, and leaves the URL', () => {
    expect(given('https://a%40b:p%2Fw@registry:8081/x/')).toEqual({
      url: 'https://registry:8081/x',
      auth: { username: 'a@b', password: 'p/w' },
    })
    expect(given('http://registry:8081')).toEqual({ url: 'http://registry:8081' })
  })

  test('registryAuth is the same, and wins', () => {
    const auth = { [env('REGISTRY_AUTH__USERNAME')]: 'me', [env('REGISTRY_AUTH__PASSWORD')]: 'pw' }
    expect(given('http://you:x@registry:8081', auth).auth).toEqual({ username: 'me', password: 'pw' })
  })
})

test.each([
  [{ [env('SASL__PASSWORD')]: 'x' }, 'log.sasl.password needs log.sasl.username'],
  [{ [env('SASL__USERNAME')]: 'x' }, 'log.sasl.username needs log.sasl.password'],
  [{ [env('REGISTRY_AUTH__USERNAME')]: 'x' }, 'needs log.registryAuth.password'],
  [{ [env('SSL__CERT')]: 'x' }, 'log.ssl.cert needs log.ssl.key'],
  [{ [env('SSL')]: 'yes' }, 'log.ssl: expected true, false, or { ca, cert, key }'],
  [{ SCHEMA_REGISTRY_URL: 'registry:8081' }, 'log.registry: expected an address'],
  [{ DATABASE_URL: 'mysql://me:pw@db/x' }, 'database.url: expected an address such as postgres://'],
  [{ [env('SASL__MECHANISM')]: 'gssapi' }, 'log.sasl.mechanism'],
])('%j is a problem that names the setting and the cure', (environment, said) => {
  expect(() => log(environment)).toThrow(ConfigError)
  expect(() => log(environment)).toThrow(said)
})

test('what is shown holds no password', () => {
  const config = loadConfig({
    environment: {
      [env('SASL__USERNAME')]: 'me',
      [env('SASL__PASSWORD')]: 'hush',
      [env('REGISTRY_AUTH__USERNAME')]: 'me',
      [env('REGISTRY_AUTH__PASSWORD')]: 'hush',
      SCHEMA_REGISTRY_URL: 'http://me:hu@hush@registry:8081/',
      DATABASE_URL: 'postgres://me:hush@db/x?sslmode=require&password=hush',
    },
    flags: [],
  }).config
  expect(JSON.stringify(maskedConfig(config))).not.toContain('hush')
  expect(JSON.stringify(maskedConfig(config))).toContain('registry:8081')
})
