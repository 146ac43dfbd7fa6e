/** Rules between values. They read the tree as it was written, so that they speak up even when other values are wrong. */
import type { Problem } from './problems.ts'
import { pathText, valueAt, type Path } from './tree.ts'

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
type At = (path: Path) => string

const textAt = (tree: unknown, path: Path, fallback: string): string => {
  const value = valueAt(tree, path)
  return typeof value === 'string' ? value : fallback
}
const listAt = (tree: unknown, path: Path): readonly unknown[] => {
  const value = valueAt(tree, path)
  return Array.isArray(value) ? value : []
}

const adminExposed = (tree: unknown, at: At): Problem[] => {
  const host = textAt(tree, ['admin', 'host'], '127.0.0.1')
  if (LOOPBACK.has(host) || textAt(tree, ['admin', 'token'], '') !== '') return []
  return [
    {
      where: at(['admin', 'host']),
      message: `admin.host ${host} is open to the network and admin.token is empty; set CHAOS_PROXY_ADMIN_TOKEN, or listen on 127.0.0.1`,
    },
  ]
}

const kafkaWithoutBrokers = (tree: unknown, at: At): Problem[] =>
  textAt(tree, ['log', 'kind'], 'embedded') === 'kafka' && listAt(tree, ['log', 'brokers']).length === 0
    ? [{ where: at(['log', 'kind']), message: 'log.kind kafka needs log.brokers, such as [localhost:9092]' }]
    : []

const postgresUrl = (tree: unknown, at: At): Problem[] => {
  const url = textAt(tree, ['database', 'url'], '')
  return url === '' || (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url))
    ? []
    : [
        {
          where: at(['database', 'url']),
          message:
            'database.url: expected an address such as postgres://user@host:5432/name; empty is the embedded one',
        },
      ]
}

/** Two that are of use only together: `has` without `needs`. */
const halfOf = (tree: unknown, at: At, pair: readonly [has: Path, needs: Path, cure: string]): Problem[] => {
  const [has, needs, cure] = pair
  if (textAt(tree, has, '') === '' || textAt(tree, needs, '') !== '') return []
  return [{ where: at(has), message: `${pathText(has)} needs ${pathText(needs)}; ${cure}` }]
}

const SASL = 'set CHAOS_PROXY_LOG__SASL__USERNAME and CHAOS_PROXY_LOG__SASL__PASSWORD'
const REGISTRY = 'set CHAOS_PROXY_LOG__REGISTRY_AUTH__USERNAME and CHAOS_PROXY_LOG__REGISTRY_AUTH__PASSWORD'
const PAIR = 'a certificate and its private key are two files, or one that is named twice'

/** The same of every item of a list. */
const pairsIn = (tree: unknown, list: Path, below: Path) =>
  listAt(tree, list).map((_, i) => [[...list, i, ...below], 'cert', 'key', PAIR] as const)

const halves = (tree: unknown, at: At): Problem[] =>
  (
    [
      [['log', 'sasl'], 'username', 'password', SASL],
      [['log', 'registryAuth'], 'username', 'password', REGISTRY],
      [['log', 'ssl'], 'cert', 'key', PAIR],
      [['listen', 'tls'], 'cert', 'key', PAIR],
      ...pairsIn(tree, ['listen', 'tls', 'sni'], []),
      ...pairsIn(tree, ['services'], ['tls']),
    ] as const
  ).flatMap(([under, one, other, cure]) => [
    ...halfOf(tree, at, [[...under, one], [...under, other], cure]),
    ...halfOf(tree, at, [[...under, other], [...under, one], cure]),
  ])

const samePort = (tree: unknown, at: At): Problem[] => {
  const proxy = valueAt(tree, ['listen', 'port']) ?? 8080
  const admin = valueAt(tree, ['admin', 'port']) ?? 8000
  return proxy === admin && proxy !== 0
    ? [
        {
          where: at(['admin', 'port']),
          message: `admin.port is listen.port (${String(proxy)}); give one of them another`,
        },
      ]
    : []
}

const twice = (tree: unknown, at: At, key: 'name' | 'match'): Problem[] => {
  const seen = new Map<string, number>()
  return listAt(tree, ['services']).flatMap((service, i): Problem[] => {
    const value = textAt(service, [key], key === 'match' ? '/*' : '')
    const first = seen.get(value)
    seen.set(value, first ?? i)
    return first === undefined || value === ''
      ? []
      : [
          {
            where: at(['services', i, key]),
            message: `services[${i}].${key} "${value}" is taken by services[${first}]; each service needs its own`,
          },
        ]
  })
}

const isOn = (tree: unknown, path: Path): boolean => valueAt(tree, path) === true

const listenTls = (tree: unknown, at: At): Problem[] => {
  const tls = ['listen', 'tls']
  const shown = textAt(tree, [...tls, 'cert'], '') !== '' || listAt(tree, [...tls, 'sni']).length > 0
  const asked = textAt(tree, [...tls, 'clientAuth'], 'none')
  const problem = (key: string, message: string): Problem => ({ where: at([...tls, key]), message })
  return [
    ...(isOn(tree, [...tls, 'enabled']) && !shown
      ? [problem('enabled', 'listen.tls.enabled needs listen.tls.cert and .key; chaos-proxy certs makes them')]
      : []),
    ...(asked !== 'none' && textAt(tree, [...tls, 'clientCa'], '') === ''
      ? [problem('clientAuth', `listen.tls.clientAuth ${asked} needs listen.tls.clientCa, who signs the clients`)]
      : []),
  ]
}

const proxyProtocol = (tree: unknown, at: At): Problem[] =>
  isOn(tree, ['listen', 'proxyProtocol']) && listAt(tree, ['listen', 'trustedProxies']).length === 0
    ? [
        {
          where: at(['listen', 'proxyProtocol']),
          message:
            'listen.proxyProtocol needs listen.trustedProxies: who else connects could say to be anybody; name the balancers',
        },
      ]
    : []

/** Everything that only shows when values are looked at together. */
export const crossCheck = (tree: unknown, at: At): Problem[] => [
  ...adminExposed(tree, at),
  ...kafkaWithoutBrokers(tree, at),
  ...postgresUrl(tree, at),
  ...halves(tree, at),
  ...samePort(tree, at),
  ...listenTls(tree, at),
  ...proxyProtocol(tree, at),
  ...twice(tree, at, 'name'),
  ...twice(tree, at, 'match'),
]
