/**
 * Who may talk to the console. Against DNS rebinding the Host must be ours, against cross-site requests the Origin must be
 * the Host and what pages load must be ours, changes must be JSON (which no form can send), and beyond loopback everything needs the token.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { HonoRequest, MiddlewareHandler } from 'hono'
import { problem } from './problem.ts'

export interface SecuritySettings {
  readonly host: string
  readonly token?: string | undefined
  readonly allowedHosts?: readonly string[] | undefined
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1').toLowerCase()

export const isLoopback = (host: string): boolean => {
  const name = bare(host)
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** A complaint with its cure, undefined when these settings are safe to listen on. */
export const refuseToListen = ({ host, token = '' }: SecuritySettings): string | undefined => {
  if (isLoopback(host)) return undefined
  if (token === '')
    return `the console would listen on ${host} without a token: anyone who reaches it could switch modes and read traffic. Set admin.token (CHAOS_PROXY_ADMIN_TOKEN), or listen on 127.0.0.1.`
  if (token.length < 16)
    return `admin.token has ${token.length} characters: it needs at least 16 to listen on ${host}. Try: openssl rand -hex 16`
  return undefined
}

/** Splits `name:port` and `[v6]:port`; undefined when it is no authority at all. */
const hostName = (authority: string | undefined): string | undefined => {
  if (authority === undefined || !URL.canParse(`http://${authority}`)) return undefined
  const url = new URL(`http://${authority}`)
  return url.pathname === '/' && url.username === '' && url.search === '' ? bare(url.hostname) : undefined
}

const hostAllowed = (authority: string | undefined, { host, allowedHosts = [] }: SecuritySettings): boolean => {
  const name = hostName(authority)
  if (name === undefined) return false
  if (allowedHosts.some((allowed) => bare(allowed) === name)) return true
  if (isLoopback(host)) return isLoopback(name)
  // Beyond loopback the token is required, and a page of another name does not have it.
  return allowedHosts.length === 0 || isIP(name) !== 0
}

const isOurOrigin = (origin: string | undefined, authority: string | undefined): boolean => {
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.host === authority?.toLowerCase()
}

/**
 * Browsers send no Origin with what a page merely loads (an image, a script), but they say where it comes from
 * (https://www.w3.org/TR/fetch-metadata/). `same-site` is not enough: another port of localhost is the same site. Who
 * follows a link here is let in: a page that links cannot read what it opens.
 */
const isLoadedElsewhere = (request: HonoRequest): boolean => {
  const site = request.header('sec-fetch-site')
  return (site === 'cross-site' || site === 'same-site') && request.header('sec-fetch-mode') !== 'navigate'
}

const originAllowed = (request: HonoRequest, host: string | undefined): boolean =>
  isOurOrigin(request.header('origin'), host) && !isLoadedElsewhere(request)

/** Equal-length digests, so that neither length nor content show in the time it takes. */
const sameToken = (given: string, wanted: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

/** The shell of the page and the probes hold nothing to protect. */
export const publicPaths: ReadonlySet<string> = new Set([
  '/',
  '/page/app.js',
  '/page/style.css',
  '/page/icon.svg',
  '/page/docs.js',
  '/page/docs.css',
  '/admin/docs',
  '/admin/docs/swagger-ui.css',
  '/admin/docs/swagger-ui-bundle.js',
  '/livez',
  '/readyz',
])

const headers: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

const changes = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const isJson = (type: string | undefined): boolean => /^application\/json\s*(;|$)/i.test(type ?? '')

interface Refused {
  readonly status: 401 | 403 | 415
  readonly detail: string
}

const refuse = (request: HonoRequest, settings: SecuritySettings): Refused | undefined => {
  const host = request.header('host')
  if (!hostAllowed(host, settings))
    return {
      status: 403,
      detail: 'this Host is not the console’s: open it by its address, or add the name to admin.allowedHosts',
    }
  if (!originAllowed(request, host)) return { status: 403, detail: 'requests from pages of another origin are refused' }
  const { token = '' } = settings
  const given = /^Bearer (.+)$/i.exec(request.header('authorization') ?? '')?.[1] ?? ''
  if (token !== '' && !publicPaths.has(request.path) && !sameToken(given, token))
    return { status: 401, detail: 'send the admin token as: Authorization: Bearer <token>' }
  if (changes.has(request.method) && !isJson(request.header('content-type')))
    return { status: 415, detail: 'changes must be sent with content-type: application/json' }
  return undefined
}

/** Stands before every route, known or unknown. */
export const guard =
  (settings: SecuritySettings): MiddlewareHandler =>
  async (c, next) => {
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
    const refused = refuse(c.req, settings)
    if (refused === undefined) return next()
    if (refused.status === 401) c.header('www-authenticate', 'Bearer realm="chaos-proxy"')
    return problem(c, refused.status, refused.detail)
  }
