/**
 * accept: is this a request that may be passed on? Reads each field line once: removes what is between neighbours only
 * (RFC 9110 section 7.6.1), refuses what two readers could read differently (duplicate or invalid Host), continues the trace.
 */
import type { Context, Reply, RequestHead } from './context.ts'
import { connectionNamed, isMark, PSEUDONYM, without } from './fields.ts'
import type { Phase } from './compose.ts'
import { clientAmong, NEIGHBOURS, peerOf, readHops, viaNames, type Neighbours } from './forwarded.ts'
import { problem } from './problem.ts'
import { announced } from './trailers.ts'
import { remembered } from '../../schemas/semantics/remembered.ts'

export interface AcceptSettings {
  /** 16 hex digits for a new span, 32 for a new trace. */
  readonly newSpan: () => string
  readonly newTrace: () => string
  /** Whether a request that begins a trace is sampled; none is unless given. */
  readonly sampled?: () => boolean
  /** Whether a neighbour's word on the client is believed; nobody's unless given. */
  readonly trusted?: (address: string) => boolean
  readonly neighbours?: Neighbours
}

/** RFC 9110 section 7.2: uri-host [":" port]; no user info, no path, no list. */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^#]*)$/i
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/
const REQUEST_ID = /^[A-Za-z0-9._:/+=@-]{1,128}$/

interface Scan {
  hosts: number
  /** What Host says; an absolute target overrides it, but does not make it right. */
  named: string
  connection: string
  traceparent: string
  tracestate: boolean
  forwardedId: string
  forwardedFor: string
  forwarded: string
  scheme: string
  host: string
  via: string
  forwards: string
}

/** What the proxy notes of a field; true: the field does not go upstream as it is. */
type Note = (scan: Scan, head: RequestHead, value: string) => boolean

const drop: Note = () => true

/** RFC 9110 section 10.1.4. */
const takesTrailers = (te: string): boolean =>
  te.split(',').some((coding) => coding.trim().toLowerCase() === 'trailers')

const announce = (fields: string[], trailer: string): void => {
  const names = announced(trailer)
  if (names !== '') fields.push('trailer', names)
}

const NOTES: ReadonlyMap<string, Note> = new Map<string, Note>([
  ['host', (scan, head, value) => ((head.host = scan.named = value), (scan.hosts += 1) > 0)],
  ['connection', (scan, _head, value) => (scan.connection += ',' + value) !== ''],
  ['expect', (_scan, head, value) => ((head.expectsContinue = value.toLowerCase() === '100-continue'), true)],
  ['transfer-encoding', drop],
  ['te', (_scan, head, value) => ((head.acceptsTrailers ||= takesTrailers(value)), true)],
  ['trailer', (_scan, { fields }, value) => (announce(fields, value), true)],
  ['content-length', (_scan, head, value) => ((head.contentLength = Number(value)), false)],
  ['content-type', (_scan, head, value) => ((head.mediaType = value), false)],
  [
    'content-encoding',
    (_scan, head, value) => ((head.coding = value.toLowerCase() === 'identity' ? '' : value), false),
  ],
  ['x-request-id', (scan, _head, value) => ((scan.forwardedId = value), true)],
  ['traceparent', (scan, _head, value) => ((scan.traceparent = value), true)],
  ['tracestate', (scan) => ((scan.tracestate = true), false)],
  ['via', (scan, _head, value) => ((scan.via += ',' + value), false)],
  ['max-forwards', (scan, _head, value) => ((scan.forwards = value), false)],
  // Said anew by the proxy: believed when a trusted proxy says it.
  ['x-forwarded-for', (scan, _head, value) => ((scan.forwardedFor = listed(scan.forwardedFor, value)), true)],
  ['forwarded', (scan, _head, value) => ((scan.forwarded = listed(scan.forwarded, value)), true)],
  ['x-forwarded-proto', (scan, _head, value) => ((scan.scheme = value), true)],
  ['x-forwarded-host', (scan, _head, value) => ((scan.host = value), true)],
  ...['x-forwarded-port', 'x-real-ip'].map((name) => [name, drop] as const),
  ...['keep-alive', 'proxy-connection', 'upgrade', 'proxy-authenticate', 'proxy-authorization'].map(
    (name) => [name, drop] as const,
  ),
])

const keep: Note = () => false

const listed = (list: string, value: string): string => (list === '' ? value : `${list}, ${value}`)

const noteOf = remembered((name): Note => {
  const lower = name.toLowerCase()
  return NOTES.get(lower) ?? (isMark(lower) ? drop : keep)
})

const openScan = (): Scan => ({
  hosts: 0,
  named: '',
  connection: '',
  traceparent: '',
  tracestate: false,
  forwardedId: '',
  forwardedFor: '',
  forwarded: '',
  scheme: '',
  host: '',
  via: '',
  forwards: '',
})

const scanFields = (context: Context): Scan => {
  const scan = openScan()
  const { head } = context
  const raw = context.arrival.rawHeaders
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    if (!noteOf(name)(scan, head, value)) head.fields.push(name, value)
  }
  const named = connectionNamed(scan.connection)
  if (named.size > 0) head.fields = without(head.fields, named)
  return scan
}

/** The target's form: origin-form as it is, absolute-form cut into authority and target (RFC 9112 section 3.2.2). */
const readTarget = (context: Context): string | undefined => {
  const { target, method } = context.arrival
  if (target.startsWith('/')) {
    context.target = target
  } else if (target === '*' && method === 'OPTIONS') {
    context.target = '*'
  } else {
    const absolute = ABSOLUTE.exec(target)
    if (absolute === null) return 'The request target is neither a path nor an absolute URL.'
    context.head.host = absolute[1] as string
    const rest = absolute[2] as string
    // RFC 9112 section 3.2.4: with OPTIONS the host itself is meant.
    const whole = rest === '' && method === 'OPTIONS' ? '*' : '/' + rest
    context.target = rest.startsWith('/') ? rest : whole
  }
  const query = context.target.indexOf('?')
  context.path = query < 0 ? context.target : context.target.slice(0, query)
  return context.target.includes('#') ? 'A request target has no fragment.' : undefined
}

const traced = (settings: AcceptSettings, scan: Scan, head: RequestHead): void => {
  const parent = TRACEPARENT.exec(scan.traceparent)
  const trace = parent?.[1] ?? settings.newTrace()
  const flags = parent?.[3] ?? (settings.sampled?.() === true ? '01' : '00')
  head.traceparent = `00-${trace}-${settings.newSpan()}-${flags}`
  head.parentSpan = parent?.[2] ?? ''
  if (parent === null && scan.tracestate) head.fields = without(head.fields, new Set(['tracestate']))
}

const faultOfHost = remembered((host): string => {
  if (!HOST.test(host)) return 'The Host field is missing or is not a host with an optional port.'
  const port = /:(\d+)$/.exec(host)
  return port !== null && Number(port[1]) > 65535 ? 'The port in the Host field is not one.' : ''
})

const hostFault = (scan: Scan, context: Context): string | undefined => {
  if (scan.hosts > 1) return 'The request has more than one Host field.'
  const { protocol } = context.arrival
  if (protocol === 'HTTP/1.0' && context.head.host === '') return undefined
  // RFC 9112 section 3.2: missing or wrong, whatever the target says.
  if (scan.hosts === 0 && protocol === 'HTTP/1.1') return faultOfHost('')
  const fault = (scan.named === '' ? '' : faultOfHost(scan.named)) || faultOfHost(context.head.host)
  return fault === '' ? undefined : fault
}

const lastOf = (list: string): string => list.slice(list.lastIndexOf(',') + 1).trim()

interface Belief {
  readonly trusted: (address: string) => boolean
  readonly neighbours: Neighbours
}

/** Who asks: the neighbour, or whom it asks for when it is trusted. */
const readClient = (context: Context, scan: Scan, { trusted, neighbours }: Belief): void => {
  const { head } = context
  const { from } = neighbours
  const chain = from === 'forwarded' ? scan.forwarded : scan.forwardedFor
  const hops = readHops(chain, from)
  const client = clientAmong(hops, head.client, trusted)
  head.client = client.node
  head.chain = hops.length === 0 ? '' : chain
  const scheme = (client.scheme || lastOf(scan.scheme)).toLowerCase()
  const host = client.host || lastOf(scan.host)
  if (scheme === 'http' || scheme === 'https') head.scheme = scheme
  if (faultOfHost(host) === '') head.publicHost = host
}

/** `OPTIONS *` asks the server as a whole, which is the proxy (RFC 9110 section 9.3.7); so does one that may not go on. */
const serverOptions = (): Reply => ({
  status: 204,
  headers: ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  body: new Uint8Array(0),
  answeredBy: 'self',
  why: 'live',
})

/**
 * RFC 9110 section 7.6.2: how many may still pass an OPTIONS on. False: it ends here. TRACE never goes on, and other
 * methods do not know the field.
 */
const mayGoOn = ({ head, arrival }: Context, { forwards }: Scan): boolean => {
  if (forwards === '' || arrival.method !== 'OPTIONS' || !/^\d{1,9}$/.test(forwards)) return true
  const left = Number(forwards) - 1
  head.fields = [...without(head.fields, new Set(['max-forwards'])), 'max-forwards', String(left)]
  return left >= 0
}

const LOOP = 'This proxy has passed the request on before: an upstream leads back to it.'

export const createAccept = (settings: AcceptSettings): Phase => {
  const { trusted, neighbours = NEIGHBOURS } = settings
  return (context, next) => {
    const { head, arrival } = context
    const scan = scanFields(context)
    head.chunked = arrival.chunked
    head.neighbours = neighbours
    head.client = peerOf(arrival.peer)
    if (trusted !== undefined && trusted(head.client)) readClient(context, scan, { trusted, neighbours })
    head.requestId = REQUEST_ID.test(scan.forwardedId) ? scan.forwardedId : arrival.id
    traced(settings, scan, head)
    if (scan.via !== '' && viaNames(scan.via, [PSEUDONYM, neighbours.name]))
      return next(problem(context, { why: 'loop', detail: LOOP }))
    const fault = readTarget(context) ?? hostFault(scan, context)
    if (fault !== undefined) return next(problem(context, { why: 'bad-request', detail: fault, close: true }))
    if (arrival.method === 'TRACE' || arrival.method === 'CONNECT')
      return next(
        problem(context, { why: 'method-refused', detail: `${arrival.method} is never passed on.`, close: true }),
      )
    if (context.target === '*' || !mayGoOn(context, scan)) return next(serverOptions())
    next()
  }
}
