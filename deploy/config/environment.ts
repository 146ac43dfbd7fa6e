/** The environment as entries: CHAOS_PROXY_<PATH> with `__` between levels, and the well-known names. */
import { suggestion, type Problem } from './problems.ts'
import { coerce, keysAt, shapeAt, type Entry, type Path } from './tree.ts'

type Environment = Readonly<Record<string, string | undefined>>
const PREFIX = 'CHAOS_PROXY_'
const SERVICE_NAME = 'api'

/** `MAX_BODY` and `maxBody` are the same key. */
const plain = (name: string): string => name.toLowerCase().replaceAll('_', '')

interface Found {
  readonly path: Path
  readonly problem?: string
}

const pathOf = (name: string): Found => {
  const path: (string | number)[] = []
  for (const part of name.slice(PREFIX.length).split('__')) {
    if (shapeAt(path)?.type === 'array' && /^\d+$/.test(part)) {
      path.push(Number(part))
      continue
    }
    const keys = keysAt(path)
    const key = keys.find((k) => plain(k) === plain(part))
    if (key === undefined) return { path, problem: `unknown key "${part}"${suggestion(part.toLowerCase(), keys)}` }
    path.push(key)
  }
  return { path }
}

/** Names that other tools have made common; each says one thing. */
const KNOWN: Readonly<Record<string, (value: string) => readonly { path: Path; value: unknown }[]>> = {
  CHAOS_PROXY_ADMIN_TOKEN: (value) => [{ path: ['admin', 'token'], value }],
  PORT: (value) => [{ path: ['listen', 'port'], value: coerce(value, ['listen', 'port']) }],
  DB_NAME: (value) => [{ path: ['log', 'profile'], value: value.replace(/\.db$/, '') }],
  KAFKA_BROKERS: (value) => [
    { path: ['log', 'kind'], value: 'kafka' },
    { path: ['log', 'brokers'], value: coerce(value, ['log', 'brokers']) },
  ],
  SCHEMA_REGISTRY_URL: (value) => [{ path: ['log', 'registry'], value }],
  DATABASE_URL: (value) => [{ path: ['database', 'url'], value }],
  OTEL_EXPORTER_OTLP_ENDPOINT: (value) => [{ path: ['telemetry', 'otlp'], value }],
  LOG_LEVEL: (value) => [{ path: ['telemetry', 'logLevel'], value }],
  TARGET_URL: (value) => targetEntries([value]),
}

/** One service in front of these addresses: what `--target` and TARGET_URL mean. */
export const targetEntries = (urls: readonly string[], name?: string): { path: Path; value: unknown }[] => [
  ...(name === undefined ? [] : [{ path: ['services', 0, 'name'], value: name }]),
  { path: ['services', 0, 'upstreams'], value: urls.map((url) => ({ url: withScheme(url) })) },
]

/** `3000` and `localhost:3000` are what people type. */
export const withScheme = (target: string): string => {
  if (/^\d{1,5}$/.test(target)) return `http://localhost:${target}`
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? target : `http://${target}`
}

/** A service that only has upstreams still needs a name. */
export const nameEntry = (entries: readonly Entry[]): readonly Entry[] => {
  const first = entries.find((e) => e.path[0] === 'services' && e.path[1] === 0 && e.path[2] === 'upstreams')
  const named = entries.some((e) => e.path[0] === 'services' && e.path[1] === 0 && e.path[2] === 'name')
  return first && !named && first.origin.kind !== 'file'
    ? [{ path: ['services', 0, 'name'], value: SERVICE_NAME, origin: first.origin }]
    : []
}

/** Reads the environment. A CHAOS_PROXY_ name with `__` that fits nothing is a problem; other unknown names are not ours. */
export const readEnvironment = (environment: Environment): { entries: Entry[]; problems: Problem[] } => {
  const entries: Entry[] = []
  const problems: Problem[] = []
  const names = Object.keys(environment).sort((a, b) => Number(a.startsWith(PREFIX)) - Number(b.startsWith(PREFIX)))
  for (const name of names) {
    const value = environment[name]
    if (value === undefined || value === '') continue
    const origin = { kind: 'env', where: `$${name}` } as const
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined
    if (known) {
      for (const found of known(value)) entries.push({ ...found, origin })
    } else if (name.startsWith(PREFIX)) {
      const { path, problem } = pathOf(name)
      if (problem === undefined) entries.push({ path, value: coerce(value, path), origin })
      else if (name.includes('__')) problems.push({ where: origin.where, message: problem })
    }
  }
  return { entries, problems }
}
