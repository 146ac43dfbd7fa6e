import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { configSchema, defaultConfig } from '../../../schemas/config.ts'
import { loadConfig, type Loaded } from '../../../deploy/config/load.ts'
import { ConfigError } from '../../../deploy/config/problems.ts'
import type { Entry } from '../../../deploy/config/tree.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-config-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

interface Given {
  readonly yaml?: string
  readonly environment?: Record<string, string>
  readonly flags?: readonly Entry[]
}

const load = ({ yaml, environment = {}, flags = [] }: Given): Loaded => {
  if (yaml === undefined) return loadConfig({ environment, flags })
  const path = join(dir, 'chaos-proxy.yaml')
  writeFileSync(path, yaml)
  return loadConfig({ file: { path, named: true }, environment, flags })
}

const problems = (given: Given): string[] => {
  try {
    load(given)
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((p) => `${p.where.replace(`${dir}/`, '')}: ${p.message}`)
    throw error
  }
  return []
}

const flag = (path: Entry['path'], value: unknown, where: string): Entry => ({
  path,
  value,
  origin: { kind: 'flag', where },
})

describe('a file', () => {
  test('given nothing at all, everything is at its default', () => {
    expect(load({}).config).toEqual(defaultConfig())
    expect(load({ yaml: '' }).config).toEqual(defaultConfig())
    expect(load({ yaml: '# only a remark\n' }).config).toEqual(defaultConfig())
  })

  test('given units, they are read as milliseconds, bytes and shares', () => {
    const { config } = load({
      yaml: `
services:
  - name: shop
    upstreams: [{ url: http://localhost:4001 }]
    health: { active: { every: 500ms, timeout: 1.5s } }
    breaker: { openAtErrorRate: 25%, window: 2m }
    ghost: { minConfidence: 0.7, maxAge: 24h }
capture: { maxBody: 64KiB }
log: { retention: 7d }
`,
    })
    const [shop] = config.services
    expect(shop?.health.active).toMatchObject({ every: 500, timeout: 1500 })
    expect(shop?.breaker).toMatchObject({ openAtErrorRate: 0.25, window: 120_000 })
    expect(shop?.ghost).toMatchObject({ minConfidence: 0.7, maxAge: 86_400_000 })
    expect(config.capture.maxBody).toBe(65_536)
    expect(config.log.retention).toBe(604_800_000)
  })

  test('given many mistakes, all are told at once, each with its place and a cure', () => {
    const found = problems({
      yaml: `version: 1
listen: { host: 127.0.0.1, prot: 9000 }
admin: { host: 0.0.0.0, port: abc }
services:
  - name: shop
    upstreams: [ { url: localhost, wieght: 2 } ]
    health: { active: { every: 5x } }
  - name: shop
    breaker: { openAtErrorRate: 150% }
log: { kind: kafka }
`,
      environment: { PORT: '99999', CHAOS_PROXY_LISTEN__HOTS: 'x' },
    })
    expect(found).toContain('chaos-proxy.yaml:2:28: unknown key "listen.prot"; did you mean "port"?')
    expect(found).toContain('chaos-proxy.yaml:3:31: admin.port: expected a port number from 0 to 65535')
    expect(found).toContain(
      'chaos-proxy.yaml:6:25: services[0].upstreams[0].url: expected an address such as http://localhost:3000',
    )
    expect(found).toContain(
      'chaos-proxy.yaml:6:36: unknown key "services[0].upstreams[0].wieght"; did you mean "weight"?',
    )
    expect(found).toContain(
      'chaos-proxy.yaml:7:32: services[0].health.active.every: expected a duration such as 500ms, 5s, 10m, 24h or 7d',
    )
    expect(
      found.some((p) => p.startsWith('chaos-proxy.yaml:8:11: services[1].name "shop" is taken by services[0]')),
    ).toBe(true)
    expect(found.some((p) => p.startsWith('chaos-proxy.yaml:9:33: services[1].breaker.openAtErrorRate: '))).toBe(true)
    expect(found.some((p) => p.startsWith('chaos-proxy.yaml:10:14: log.kind kafka needs log.brokers'))).toBe(true)
    expect(found.some((p) => p.startsWith('chaos-proxy.yaml:3:16: admin.host 0.0.0.0 is open to the network'))).toBe(
      true,
    )
    expect(found).toContain('$PORT: listen.port: expected a port number from 0 to 65535')
    expect(found).toContain('$CHAOS_PROXY_LISTEN__HOTS: unknown key "HOTS"; did you mean "host"?')
  })

  test('given broken YAML, the first slip is told with its place', () => {
    expect(problems({ yaml: 'listen: { port: 80\nadmin: x' })[0]).toMatch(/^chaos-proxy\.yaml:\d+:\d+: /)
  })

  test('given a list at the top, a key twice, or a hostile key, it is a problem and nothing else happens', () => {
    expect(problems({ yaml: '- a' })[0]).toContain('expected keys')
    expect(problems({ yaml: 'log: {}\nlog: {}' })[0]).toContain('chaos-proxy.yaml:2:1')
    expect(problems({ yaml: '__proto__: { polluted: true }' })[0]).toContain('unknown key "__proto__"')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('given no such file, asking for it by name is a problem, not finding the default one is none', () => {
    const path = join(dir, 'nowhere.yaml')
    expect(() => loadConfig({ file: { path, named: true }, environment: {}, flags: [] })).toThrow(
      /there is no such file/,
    )
    expect(loadConfig({ file: { path, named: false }, environment: {}, flags: [] }).file).toBeUndefined()
  })
})

describe('variables in a file', () => {
  test('given a variable, its value takes the type its place wants', () => {
    const yaml = 'listen: { port: ${P}, host: "${H:-::1}" }\nadmin: { token: ${T:-} }\ncapture: { maxBody: ${B:-1MiB} }'
    const { config } = load({ yaml, environment: { P: '8123', T: '12345' } })
    expect(config.listen).toMatchObject({ port: 8123, host: '::1' })
    expect(config.admin.token).toBe('12345')
    expect(config.capture.maxBody).toBe(1_048_576)
  })

  test('given one that is not set and has no default, it is a problem at its place', () => {
    expect(problems({ yaml: 'database: { url: ${NOWHERE} }' })).toEqual([
      'chaos-proxy.yaml:1:18: the variable NOWHERE is not set; set it, or write ${NOWHERE:-default}',
    ])
  })
})

describe('the environment', () => {
  test('given the well-known names, each says its thing', () => {
    const { config, origin } = load({
      environment: {
        TARGET_URL: 'localhost:3000',
        DB_NAME: 'shop.db',
        PORT: '9090',
        KAFKA_BROKERS: 'a:9092, b:9092',
        SCHEMA_REGISTRY_URL: 'http://r:8081',
        DATABASE_URL: 'postgres://u:p@db/x',
        LOG_LEVEL: 'debug',
        CHAOS_PROXY_ADMIN_TOKEN: 't',
        CHAOS_PROXY_CAPTURE__MAX_BODY: '1KiB',
        CHAOS_PROXY_CAPTURE__REDACT__HEADERS: 'x-a,x-b',
        CHAOS_PROXY_SERVICES__0__GHOST__MODE: 'mock',
      },
    })
    expect(config.services[0]).toMatchObject({
      name: 'api',
      upstreams: [{ url: 'http://localhost:3000' }],
      ghost: { mode: 'mock' },
    })
    expect(config.log).toMatchObject({
      kind: 'kafka',
      brokers: ['a:9092', 'b:9092'],
      registry: 'http://r:8081',
      profile: 'shop',
    })
    expect(config.listen.port).toBe(9090)
    expect(config.database.url).toBe('postgres://u:p@db/x')
    expect(config.telemetry.logLevel).toBe('debug')
    expect(config.admin.token).toBe('t')
    expect(config.capture.maxBody).toBe(1024)
    expect(config.capture.redact.headers).toEqual(['x-a', 'x-b'])
    expect(origin(['log', 'brokers'])).toBe('$KAFKA_BROKERS')
  })

  test('given names of others, they are left alone', () => {
    expect(
      problems({ environment: { CHAOS_PROXY_SECRET: 'x', CHAOS_PROXY_HOME: 'x', HOME: '/', NO_COLOR: '1' } }),
    ).toEqual([])
  })
})

describe('precedence', () => {
  test('flags beat environment beats file beats default, and the origin says so', () => {
    const sources = fc.record({
      file: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      env: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      ours: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      flag: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(sources, ({ file, env, ours, flag: byFlag }) => {
        const loaded = load({
          yaml: file === undefined ? 'admin: { port: 0 }' : `admin: { port: 0 }\nlisten: { port: ${file} }`,
          environment: {
            ...(env === undefined ? {} : { PORT: String(env) }),
            ...(ours === undefined ? {} : { CHAOS_PROXY_LISTEN__PORT: String(ours) }),
          },
          flags: byFlag === undefined ? [] : [flag(['listen', 'port'], byFlag, '--port')],
        })
        const said = [
          [byFlag, '--port'],
          [ours, '$CHAOS_PROXY_LISTEN__PORT'],
          [env, '$PORT'],
          [file, 'chaos-proxy.yaml:2:17'],
          [8080, 'default'],
        ]
        const origin = loaded.origin(['listen', 'port']).replace(`${dir}/`, '')
        expect([loaded.config.listen.port, origin]).toEqual(said.find(([value]) => value !== undefined))
        expect(loaded.named(['listen', 'port'])).toBe(origin !== 'default')
      }),
      { numRuns: 60 },
    )
  })

  test('a target from a flag keeps what the file says about the service', () => {
    const { config } = load({
      yaml: 'services: [{ name: shop, ghost: { mode: mock }, upstreams: [{ url: "http://a:1", weight: 5 }] }]',
      flags: [flag(['services', 0, 'upstreams'], [{ url: 'http://b:2' }], '--target')],
    })
    expect(config.services).toMatchObject([
      { name: 'shop', ghost: { mode: 'mock' }, upstreams: [{ url: 'http://b:2', weight: 1 }] },
    ])
  })

  test('what is read can be read again: no text makes the reader throw anything but problems', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (yaml) => {
        const found = problems({ yaml })
        for (const problem of found) expect(problem).toMatch(/^[^\n]+: [\s\S]+/)
      }),
      { numRuns: 150 },
    )
  })
})

test('the schema for editors knows every key that the reader knows', () => {
  expect(Object.keys(configSchema.shape)).toContain('services')
  const parsed = configSchema.safeParse({ services: [{ name: 'a', upstreams: [{ url: 'http://x' }] }] })
  expect(parsed.success).toBe(true)
})
