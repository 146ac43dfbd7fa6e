/**
 * Certificates from files, at both ends: those we show to clients, chosen by the name they ask for, and what we want of
 * upstreams. Files are looked at again while we run: what is whole and fits takes effect for the next connections, what
 * does not changes nothing and is told once.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import {
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TlsOptions,
  type TLSSocket,
} from 'node:tls'
import type { CertificateFiles, ListenTlsOptions, Logger, UpstreamTlsOptions } from '../options.ts'
import { openTickets, ticketOptions, ticketSeeds, useTickets } from './tickets.ts'

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; chaos-proxy certs makes one for development',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
}

/** Throws, with the setting, the file and a cure. */
const readPem = (setting: string, file: string): Buffer => {
  const path = resolve(file)
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw new Error(`${setting}: ${path}: ${CAUSES[code] ?? message}`, { cause })
  }
  if (!bytes.includes('-----BEGIN '))
    throw new Error(`${setting}: ${path} is no PEM file; convert it: openssl x509 -inform der -in FILE -out FILE.pem`)
  return bytes
}

/** What is given of a certificate and its key; throws when they do not belong together. */
const readPair = (setting: string, { cert = '', key = '' }: CertificateFiles): SecureContextOptions => {
  if (cert === '' && key === '') return {}
  if (cert === '' || key === '') throw new Error(`${setting}: cert and key go together; give both`)
  const pair = { cert: readPem(`${setting}.cert`, cert), key: readPem(`${setting}.key`, key) }
  try {
    createSecureContext(pair)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(`${setting}: ${resolve(key)} is not the key of ${resolve(cert)} (${reason})`, { cause })
  }
  return pair
}

const WEEK = 7 * 24 * 3_600_000
/** undefined, or that it has ended or soon will. */
const aged = ({ cert }: SecureContextOptions): string | undefined => {
  const { validTo, subject } = new X509Certificate(cert as Buffer)
  const left = Date.parse(validTo) - Date.now()
  if (left > WEEK) return undefined
  return `the certificate of ${subject} ${left < 0 ? 'ended' : 'ends'} on ${validTo}`
}

const filesOf = ({ cert, key, sni = [], clientCa }: ListenTlsOptions): string[] =>
  [cert, key, clientCa, ...sni.flatMap((each) => [each.cert, each.key])].filter(
    (file): file is string => file !== undefined && file !== '',
  )

interface Loaded {
  readonly common: SecureContextOptions
  readonly byName: ReadonlyMap<string, SecureContext>
  readonly warnings: readonly string[]
}

const load = (options: ListenTlsOptions): Loaded => {
  const { sni = [], clientCa = '', minVersion = 'TLSv1.2' } = options
  const trust: SecureContextOptions = {
    minVersion,
    ...(clientCa === '' ? {} : { ca: readPem('listen.tls.clientCa', clientCa) }),
  }
  const pair = readPair('listen.tls', options)
  const first = sni[0] === undefined ? undefined : readPair('listen.tls.sni[0]', sni[0])
  // Who asks for no name, or for one that is not ours, gets the first certificate there is.
  const shown = pair.cert === undefined ? first : pair
  if (shown?.cert === undefined)
    throw new Error('listen.tls: there is no certificate; give cert and key (chaos-proxy certs makes them)')
  const byName = new Map<string, SecureContext>()
  const warnings = [aged(shown)]
  for (const [i, { names, ...files }] of sni.entries()) {
    const own = readPair(`listen.tls.sni[${i}]`, files)
    if (own.cert === undefined) throw new Error(`listen.tls.sni[${i}]: there is no certificate; give cert and key`)
    warnings.push(aged(own))
    const context = createSecureContext({ ...trust, ...own })
    for (const name of names) byName.set(name.toLowerCase(), context)
  }
  return { common: { ...trust, ...shown }, byName, warnings: [...new Set(warnings.filter((w) => w !== undefined))] }
}

/** A name, else a wildcard for one label (RFC 6125 section 6.4.3). */
const contextFor = (byName: Loaded['byName'], asked: string): SecureContext | undefined => {
  const name = asked.toLowerCase()
  return byName.get(name) ?? byName.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`)
}

export interface ListenTls {
  /** For tls.createServer; the protocols (ALPN) are the caller's. */
  readonly options: TlsOptions
  /** Why this client may not come in: it shows a certificate, which it need not, and not one of clientCa. '': it may. */
  readonly objection: (socket: TLSSocket) => string
  /** This server shows new certificates as they come. */
  readonly renew: (server: Server) => void
  /** Reads the files now: what is wrong, undefined when the new ones are in force. */
  readonly reload: () => string | undefined
  readonly close: () => void
}

const LOOK = 2000

/** Which version of the files there is: '' while one of them cannot be looked at. */
const versionOf = async (files: readonly string[]): Promise<string> => {
  try {
    const stats = await Promise.all(files.map((file) => stat(file)))
    return stats.map(({ mtimeMs, ino, size }) => `${mtimeMs} ${ino} ${size}`).join()
  } catch {
    return ''
  }
}

/** Calls back when one of the files changed. A poll: it sees through the links by which volumes are swapped. */
const watchFiles = (files: readonly string[], every: number, changed: () => void): (() => void) => {
  let seen: string | undefined
  let stopped = false
  const look = async (): Promise<void> => {
    const version = await versionOf(files)
    if (stopped) return
    if (seen !== undefined && version !== '' && version !== seen) changed()
    if (version !== '') seen = version
    timer = setTimeout(() => void look(), every).unref()
  }
  let timer: NodeJS.Timeout | undefined
  void look()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

const CLIENT_AUTH = {
  none: {},
  request: { requestCert: true, rejectUnauthorized: false },
  require: { requestCert: true, rejectUnauthorized: true },
} as const

/** Throws, with a cure, when there is nothing to show. `every`: ms between two looks at the files. */
export const openListenTls = (options: ListenTlsOptions, logger: Logger, every = LOOK): ListenTls => {
  const { clientAuth = 'none', clientCa = '' } = options
  if (clientAuth !== 'none' && clientCa === '')
    throw new Error(`listen.tls.clientAuth: ${clientAuth} needs listen.tls.clientCa, the authority of the clients`)
  const { ticketRotation, ticketSeed = ticketSeeds(ticketRotation)() } = options
  const tickets = openTickets(ticketSeed, ticketRotation)
  let loaded = load(options)
  let trouble = ''
  const servers = new Set<Server>()
  const warn = (): void => loaded.warnings.forEach((warning) => logger.warn({}, `${warning}; renew it`))
  warn()
  const reload = (): string | undefined => {
    try {
      loaded = load(options)
      for (const server of servers) {
        server.setSecureContext({ ...loaded.common, ...ticketOptions(tickets) })
        useTickets(server, tickets)
      }
    } catch (error) {
      const { message } = error as Error
      if (message !== trouble) logger.error({ err: error }, 'new certificates cannot be used; the old ones stay')
      trouble = message
      return message
    }
    trouble = ''
    logger.info({ files: filesOf(options) }, 'certificates were read again')
    warn()
    return undefined
  }
  return {
    options: {
      ...loaded.common,
      ...ticketOptions(tickets),
      ...CLIENT_AUTH[clientAuth],
      SNICallback: (name, done) => done(null, contextFor(loaded.byName, name)),
    },
    objection: (socket) => {
      if (clientAuth !== 'request' || socket.authorized || socket.getPeerX509Certificate() === undefined) return ''
      return `its certificate is not to be trusted (${String(socket.authorizationError)})`
    },
    renew: (server) => {
      servers.add(server)
      useTickets(server, tickets)
    },
    reload,
    close: watchFiles(filesOf(options), every, reload),
  }
}

/** The files of an upstream's TLS are read again for a new connection after so long. */
const FRESH = 5000

const readUpstream = ({ ca = '', verify = true, ...pair }: UpstreamTlsOptions): ConnectionOptions => ({
  ...readPair('services[].tls', pair),
  ...(ca === '' ? {} : { ca: readPem('services[].tls.ca', ca) }),
  rejectUnauthorized: verify,
})

/**
 * What a connection to an upstream of this host wants, besides host, port and ALPN: verified unless it is said otherwise,
 * by the name that is asked for. Throws at once when a file cannot be used; later the old ones stay.
 */
export const openUpstreamTls = (
  options: UpstreamTlsOptions,
  logger: Logger,
  now: () => number = Date.now,
): ((host: string) => ConnectionOptions) => {
  let read = readUpstream(options)
  let at = now()
  let trouble = ''
  const fromFiles = [options.ca, options.cert].some((file) => file !== undefined && file !== '')
  const refresh = (): void => {
    at = now()
    try {
      read = readUpstream(options)
      trouble = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== trouble) logger.error({ err: error }, 'new certificates for upstreams cannot be used')
      trouble = message
    }
  }
  return (host) => {
    if (fromFiles && now() - at > FRESH) refresh()
    const { serverName = '' } = options
    // An address is no name to ask for (RFC 6066 section 3); it is verified all the same.
    return { ...read, servername: serverName === '' && isIP(host) === 0 ? host : serverName }
  }
}
