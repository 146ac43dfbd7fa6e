/** An incident as one sentence, its severity, and the alarm that speaks for it. */
import { beganAt, isOpen, type Alarm, type AlarmKind, type Incident } from './incident.ts'

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const
const HOUR = 3_600_000_000
const MINUTE = 60_000_000

const two = (n: number): string => String(n).padStart(2, '0')

/** `Saturday 10:00`, UTC: the hour that the comparison is with. */
export const hourText = (at: number): string => {
  const hours = Math.floor(at / HOUR)
  return `${DAYS[(Math.floor(hours / 24) + 3) % 7] ?? ''} ${two(hours % 24)}:00`
}

const clockText = (at: number): string => `${two(Math.floor(at / HOUR) % 24)}:${two(Math.floor(at / MINUTE) % 60)}`

const percent = (share: number): string => {
  const value = share * 100
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} %`
}

const times = (x: number): string => (x >= 10 ? String(Math.round(x)) : x.toFixed(1))

/** The first that an incident has speaks for it: causes before what follows from them. */
const ORDER: readonly AlarmKind[] = [
  'errors',
  'latency',
  'traffic_drop',
  'credential_stuffing',
  'scan',
  'enumeration',
  'traffic_spike',
  'refusals',
  'sizes',
]

/** Share of the traffic from which on it is the service, not one endpoint, that an alarm is of. */
const MOST = 0.6

/** `shop GET /users` → `GET /users`. */
export const endpointName = (id: string): string => id.slice(id.indexOf(' ') + 1)

const weightOf = ({ kind, size }: Alarm): number => {
  if (kind === 'latency') return Math.log(Math.max(1, size))
  return kind === 'errors' || kind === 'refusals' ? size : 1
}

/** What an endpoint brings to its service's mean. */
const partOf = (alarm: Alarm): number => alarm.share * weightOf(alarm)

/** So much of what the service shows is theirs, if endpoints are who is ill; of times far out the service's mean says too much. */
const enoughOf = (kind: AlarmKind): number => (kind === 'latency' ? 0.5 : MOST)

const isMadeOf = (whole: Alarm, parts: readonly Alarm[]): boolean => {
  const share = parts.reduce((sum, one) => sum + one.share, 0)
  const made = parts.reduce((sum, one) => sum + partOf(one), 0)
  return share < MOST && made >= enoughOf(whole.kind) * weightOf(whole)
}

/** Of the alarms of the gravest kind: the service's, unless few endpoints make it; then that of the endpoint that does most. */
export const speakerOf = ({ alarms }: Incident): Alarm | undefined => {
  const open = alarms.filter(({ over }) => over === 0)
  const all = open.length > 0 ? open : alarms
  const kind = ORDER.find((one) => all.some((alarm) => alarm.kind === one))
  const of = all.filter((alarm) => alarm.kind === kind)
  const whole = of.find(({ subject }) => subject === '')
  const parts = of.filter(({ subject }) => subject !== '').sort((a, b) => partOf(b) - partOf(a))
  return whole !== undefined && !isMadeOf(whole, parts) ? whole : (parts[0] ?? whole)
}

const MANY: Readonly<Partial<Record<AlarmKind, string>>> = {
  scan: 'is scanned from many places for paths that are no endpoint',
  enumeration: 'is searched from many places for ids that do not exist',
  credential_stuffing: 'sees credentials tried from many places',
}

/** No client alone does it. */
const byMany = ({ kind, size, share, usual }: Alarm): string =>
  `${MANY[kind] ?? ''}: ${Math.round(size)} clients, little each, together ${percent(share)} of requests, usually ${percent(usual)}`

const what = ({ kind, size, usual, subject }: Alarm, hour: string): string => {
  switch (kind) {
    case 'latency':
      return `is ${times(size)} times slower than usual for ${hour}`
    case 'errors':
      return `fails in ${percent(size)} of answers, usually in ${percent(usual)}`
    case 'refusals':
      return `refuses ${percent(size)} of requests (4xx), usually ${percent(usual)}`
    case 'traffic_drop':
      return size < 0.02
        ? `gets no requests any more, usual for ${hour} are ${times(usual)} a minute`
        : `gets ${percent(size)} of the requests usual for ${hour}`
    case 'traffic_spike':
      return `gets ${times(size)} times the requests usual for ${hour}`
    case 'sizes':
      return size < usual
        ? `sends smaller answers than usual for ${hour}: the mean one is smaller than ${percent(1 - size)} of its endpoint's`
        : `sends larger answers than usual for ${hour}: the mean one is larger than ${percent(size)} of its endpoint's`
    case 'scan':
      return `is scanned by client ${subject}: ${Math.round(size)} strange requests in ten minutes`
    case 'enumeration':
      return `is walked through id by id by client ${subject}`
    case 'credential_stuffing':
      return `sees one failed login after the other from client ${subject}: ${Math.round(size)} in ten minutes`
  }
}

const CLIENTS: readonly AlarmKind[] = ['scan', 'enumeration', 'credential_stuffing']

const companions = ({ alarms }: Incident, speaker: Alarm): string => {
  const others = new Set(
    alarms
      .filter((one) => one.kind === speaker.kind && one.subject !== '' && one !== speaker)
      .map((one) => one.subject),
  )
  const kinds = [
    ...new Set(alarms.filter((one) => one.kind !== speaker.kind).map(({ kind }) => kind.replaceAll('_', ' '))),
  ]
  const more =
    speaker.subject === '' || others.size === 0
      ? ''
      : `; so ${others.size === 1 ? 'is one other endpoint' : `are ${others.size} other endpoints`}`
  return `${more}${kinds.length === 0 ? '' : `; also ${kinds.join(', ')}`}`
}

/** "GET /books is 3.2 times slower than usual for Saturday 10:00; started 10:04; 41 % of requests; only upstream :4002". */
export const sentenceOf = (incident: Incident, service: string): string => {
  const speaker = speakerOf(incident)
  if (speaker === undefined) return ''
  const isClient = CLIENTS.includes(speaker.kind)
  const subject = isClient || speaker.subject === '' ? service : endpointName(speaker.subject)
  const share = isClient || speaker.subject === '' ? '' : `; ${percent(speaker.share)} of requests`
  const upstream = speaker.upstream === '' ? '' : `; only upstream ${speaker.upstream}`
  const end = isOpen(incident) ? '' : `; over since ${clockText(incident.quiet)}`
  const began = beganAt(incident)
  const said = isClient && speaker.subject === '' ? byMany(speaker) : what(speaker, hourText(began))
  return `${subject} ${said}; started ${clockText(began)}${share}${upstream}${companions(incident, speaker)}${end}`
}

const graveness = ({ kind, size, share, subject }: Alarm): number => {
  const part = subject === '' ? 1 : Math.max(0.3, share)
  switch (kind) {
    case 'errors':
      return part * Math.min(1, 0.4 + size)
    case 'latency':
      return part * Math.min(1, Math.log(Math.max(1, size)) / Math.log(8))
    case 'traffic_drop':
      return part * (1 - Math.min(1, size))
    case 'traffic_spike':
      return part * Math.min(0.7, Math.log(Math.max(1, size)) / Math.log(20))
    case 'refusals':
      return part * Math.min(0.6, size)
    case 'sizes':
      return Math.abs(size - 0.5)
    case 'credential_stuffing':
      return 0.8
    default:
      return 0.5
  }
}

/** 0 to 1: how bad it is for those who call. */
export const severityOf = ({ alarms }: Incident): number =>
  Math.round(100 * Math.max(0, ...alarms.map(graveness))) / 100
