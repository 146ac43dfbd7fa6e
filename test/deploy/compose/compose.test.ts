/** The files agree with each other, with the command line and with the configuration. No engine runs here. */
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readEnvironment } from '../../../deploy/config/environment.ts'
import { loadConfig } from '../../../deploy/config/load.ts'
import { PROMETHEUS, POSTGRES } from '../../../deploy/grafana/kit.ts'
import { run } from '../cli/run.ts'
import { compose, dotEnv, exists, textOf, variablesIn, yamlOf, type ComposeService } from './files.ts'

const { services, volumes, secrets } = compose()
const ROLES = ['ingress', 'ingress-2', 'processors', 'sinks', 'console']
const DEMO = ['bookstore', 'simulator']
const file = fileURLToPath(new URL('../../../deploy/compose/chaos-proxy.yaml', import.meta.url))
const MOUNTED = '/etc/chaos-proxy/chaos-proxy.yaml'

const service = (name: string): ComposeService => {
  const found = services[name]
  if (found === undefined) throw new Error(`no service ${name}`)
  return found
}

const environmentOf = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(service(name).environment ?? {}).map(([key, value]) => [key, String(value)]))

const load = () => loadConfig({ file: { path: file, named: true }, environment: environmentOf('ingress'), flags: [] })

/** Container ports that are published. */
const published = (name: string): string[] => (service(name).ports ?? []).map((port) => port.split(':').at(-1) ?? '')

afterEach(() => vi.unstubAllEnvs())

describe('roles', () => {
  test.each(ROLES)('%s: its command is one that the command line takes', async (role) => {
    const [command, ...flags] = service(role).command ?? []
    expect(command).toBe(role.replace('-2', ''))
    const { out, code } = await run(command as string, '--help')
    expect(code).toBe(0)
    for (const flag of flags.filter((word) => word.startsWith('-'))) expect(out).toContain(flag)
    expect(flags[flags.indexOf('--config') + 1]).toBe(MOUNTED)
    expect(service(role).volumes).toContain(`./chaos-proxy.yaml:${MOUNTED}:ro`)
  })

  test('the configuration that is mounted passes config check with the environment of each role', async () => {
    for (const role of ROLES) {
      for (const [name, value] of Object.entries(environmentOf(role))) vi.stubEnv(name, value)
      expect(await run('config', 'check', '--config', file)).toMatchObject({ code: 0 })
      vi.unstubAllEnvs()
    }
  })

  test('and does not without its token: the check sees the environment', async () => {
    vi.stubEnv('CHAOS_PROXY_ADMIN_TOKEN', '')
    expect(await run('config', 'check', '--config', file)).toMatchObject({ code: 2 })
  })

  test('every variable of their environment is read: as configuration, by the file, or as the key', () => {
    for (const role of ROLES)
      for (const [name, value] of Object.entries(environmentOf(role))) {
        const { entries, problems } = readEnvironment({ [name]: value })
        const read = entries.length > 0 || variablesIn(textOf('chaos-proxy.yaml')).includes(name)
        expect([role, name, read || name === 'CHAOS_PROXY_SECRET', problems]).toEqual([role, name, true, []])
      }
  })

  test('they speak to the broker and the database that stand beside them', () => {
    const { config } = load()
    const kafka = environmentOf('kafka')
    expect(config.log.brokers.map((broker) => `PLAINTEXT://${broker}`)).toEqual([kafka['KAFKA_ADVERTISED_LISTENERS']])
    const postgres = environmentOf('postgres')
    const url = new URL(config.database.url)
    expect([url.hostname, url.username, url.password, url.pathname]).toEqual([
      'postgres',
      postgres['POSTGRES_USER'],
      encodeURIComponent(postgres['POSTGRES_PASSWORD'] ?? ''),
      `/${postgres['POSTGRES_DB']}`,
    ])
  })

  test('ports agree: listening, published, exposed, asked for health and for metrics', () => {
    const { listen, admin } = load().config
    const vitals = String(admin.port)
    for (const name of ['ingress', 'ingress-2']) expect(published(name)).toEqual([String(listen.port)])
    expect(published('console')).toEqual([vitals])
    expect(textOf('Dockerfile')).toMatch(new RegExp(`^EXPOSE ${listen.port} ${vitals}$`, 'm'))
    expect(textOf('Dockerfile')).toContain(`http://127.0.0.1:${vitals}/livez`)
    for (const role of ROLES)
      expect(service(role).healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${vitals}/readyz`)
  })

  test('off the machine only the proxy is reached', () => {
    for (const [name, { ports = [] }] of Object.entries(services))
      for (const port of ports)
        expect([name, port]).toEqual([
          name,
          expect.stringMatching(name.startsWith('ingress') ? /^808[01]:/ : /^127\.0\.0\.1:/),
        ])
  })

  test('what they write is on a volume or in memory: their own files are read-only', () => {
    for (const role of ROLES) expect([role, service(role).read_only]).toEqual([role, true])
    expect(load().config.log.dir).toBe('/data')
    const spools = ['ingress', 'ingress-2'].flatMap((name) =>
      service(name).volumes?.filter((one) => one.endsWith(':/data')),
    )
    expect(spools).toEqual(['spool:/data', 'spool-2:/data'])
  })
})

describe('profiles', () => {
  test('the demo is the shop that the configuration names by default, and readers who come by the proxy', async () => {
    for (const name of DEMO) {
      const [command, ...flags] = service(name).command ?? []
      const { out, code } = await run(command as string, '--help')
      expect([name, code]).toEqual([name, 0])
      for (const flag of flags.filter((word) => word.startsWith('-'))) expect(out).toContain(flag)
      expect([name, service(name).read_only]).toEqual([name, true])
    }
    const shop = service('bookstore').command ?? []
    expect(dotEnv()['UPSTREAM_URL']).toBe(`http://bookstore:${shop[shop.indexOf('--port') + 1]}`)
    expect(service('simulator').command).toContain(`http://ingress:${load().config.listen.port}`)
  })

  test('each that is named is there, and the product itself runs without any', () => {
    const profiles = Object.entries(services).map(([name, one]) => [name, one.profiles?.[0]] as const)
    expect(dotEnv()['COMPOSE_PROFILES']?.split(',')).toEqual(['demo', 'observability'])
    expect(profiles.filter(([, profile]) => profile === 'demo').map(([name]) => name)).toEqual(DEMO)
    expect(profiles.filter(([, profile]) => profile === 'observability').map(([name]) => name)).toEqual([
      'prometheus',
      'grafana',
    ])
    for (const role of ROLES) expect(service(role).profiles).toBeUndefined()
  })

  test('the schema registry is the one that stands beside them', () => {
    const { SCHEMA_REGISTRY_HOST_NAME: host, SCHEMA_REGISTRY_LISTENERS: listeners } = environmentOf('registry')
    expect(load().config.log.registry).toBe(`http://${host}:${new URL(listeners ?? '').port}`)
  })
})

describe('confinement', () => {
  const all = Object.entries(services)
  // Their start writes beside their programs; the third has a secret from the environment.
  const WRITABLE = ['kafka', 'registry', 'prometheus']

  test('no container has a capability, may gain one, or takes all memory', () => {
    for (const [name, { cap_drop: dropped, security_opt: options, mem_limit: memory }] of all)
      expect([name, dropped, options, memory]).toEqual([
        name,
        ['ALL'],
        ['no-new-privileges:true'],
        expect.stringMatching(/^\d+[mg]$/),
      ])
  })

  test('their files are read-only, where that can be; what is copied in at the start cannot be then', () => {
    expect(all.filter(([, one]) => one.read_only !== true).map(([name]) => name)).toEqual(WRITABLE)
    for (const [name, { read_only: isReadOnly, secrets: known }] of all)
      expect([name, isReadOnly === true && known !== undefined]).toEqual([name, false])
  })

  test('Postgres is no root, and has its socket and its shared memory', () => {
    const postgres = service('postgres')
    expect([postgres.user, postgres.shm_size]).toEqual(['postgres', '256m'])
    expect(postgres.tmpfs).toEqual(['/tmp', '/var/run/postgresql'])
  })
})

describe('files', () => {
  test('every file that is mounted is there; every volume, secret and dependency is declared', () => {
    for (const [name, one] of Object.entries(services)) {
      for (const mount of one.volumes ?? []) {
        const [source = ''] = mount.split(':')
        const known = source.startsWith('.') ? exists(source) : source in volumes
        expect([name, source, known]).toEqual([name, source, true])
      }
      for (const secret of one.secrets ?? []) expect(secrets).toHaveProperty(secret)
      for (const [other, { condition }] of Object.entries(one.depends_on ?? {}))
        expect([condition, services[other]?.healthcheck !== undefined]).toContainEqual(
          condition === 'service_healthy' ? true : condition,
        )
      expect([name, one.healthcheck !== undefined]).toEqual([name, true])
      expect([name, one.image]).toEqual([name, expect.stringMatching(/:[\w.-]*\d/)])
    }
  })

  test('every variable of compose.yaml stands in .env.example', () => {
    // The engine's own.
    const named = Object.keys(dotEnv()).filter((name) => name !== 'COMPOSE_PROFILES')
    const used = [
      ...new Set([...variablesIn(textOf('compose.yaml')), ...Object.values(secrets).map((s) => s.environment)]),
    ]
    expect(used.sort()).toEqual(named.sort())
  })

  test('the image is built from the bundle and does not run as root', () => {
    const text = textOf('Dockerfile')
    const last = text.slice(text.lastIndexOf('\nFROM '))
    const { build } = service('ingress')
    expect(exists(`${build?.context}/${build?.dockerfile}`)).toBe(true)
    // Down to the patch, in both stages.
    expect(text.match(/^FROM node:24\.\d+\.\d+-slim/gm)).toHaveLength(2)
    expect(text).toContain('RUN npm run build')
    expect(last).toContain('COPY --from=build /src/dist /opt/chaos-proxy')
    expect(last).toMatch(/^USER node$/m)
    expect(last).toMatch(/^ENTRYPOINT \["node", "\/opt\/chaos-proxy\/chaos-proxy.js"\]$/m)
    for (const [, name = ''] of textOf('Dockerfile.dockerignore').matchAll(/^!(.+)$/gm))
      expect([name, exists(`../../${name}`)]).toEqual([name, true])
  })
})

interface Scrape {
  readonly job_name: string
  readonly authorization?: { readonly credentials_file: string }
  readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[]
}

describe('observability', () => {
  const { scrape_configs: scrapes, rule_files: rules } = yamlOf<{ scrape_configs: Scrape[]; rule_files: string[] }>(
    '../prometheus/prometheus.yaml',
  )

  test('Prometheus asks every role at its port, the console with the token, and finds its rules', () => {
    const asked = scrapes.flatMap(({ job_name: job, dns_sd_configs: dns = [] }) =>
      dns.flatMap(({ names, port }) => names.map((name) => `${job} ${name} ${port}`)),
    )
    expect(asked).toEqual(ROLES.map((role) => `${role.replace('-2', '')} ${role} ${load().config.admin.port}`))
    const locked = scrapes.filter(({ authorization }) => authorization !== undefined)
    expect(locked.map(({ job_name: job, authorization }) => [job, authorization?.credentials_file])).toEqual([
      ['console', `/run/secrets/${service('prometheus').secrets?.[0]}`],
    ])
    const mounts = service('prometheus').volumes ?? []
    for (const path of rules) expect(mounts.some((mount) => mount.includes(`:${path}:`))).toBe(true)
  })

  test('Grafana finds its sources, its dashboards and its port', () => {
    const grafana = environmentOf('grafana')
    expect(published('grafana')).toEqual([grafana['GF_SERVER_HTTP_PORT']])
    const { datasources } = yamlOf<{ datasources: { uid: string; url: string; user?: string; jsonData: object }[] }>(
      '../grafana/provisioning/datasources/chaos-proxy.yaml',
    )
    const source = (uid: string | undefined) => datasources.find((one) => one.uid === uid)
    expect(source(PROMETHEUS.uid)?.url).toBe(`http://prometheus:${published('prometheus')[0]}`)
    expect(source(POSTGRES.uid)).toMatchObject({
      url: 'postgres:5432',
      user: 'reader',
      jsonData: { database: environmentOf('postgres')['POSTGRES_DB'] },
    })
    expect(textOf('reader.sh')).toContain('create role reader ')
    const { providers } = yamlOf<{ providers: { options: { path: string } }[] }>(
      '../grafana/provisioning/dashboards/chaos-proxy.yaml',
    )
    const folder = providers[0]?.options.path
    expect(service('grafana').volumes).toContain(`../grafana/dashboards:${folder}:ro`)
    expect(grafana['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(`${folder}/chaos-overview.json`)
    expect(exists('../grafana/dashboards/chaos-overview.json')).toBe(true)
  })
})
