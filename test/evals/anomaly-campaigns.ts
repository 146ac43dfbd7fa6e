/** What one client does over a while: attacks that no single request shows, and machines that watch and are no attack. */
import type { Dice, Request } from './anomaly-attacks.ts'

const DAY = 86_400

const plain = { q: 0, r: 120, d: 4 }

/** Somebody watches the service: it always comes, and nobody attacks. */
export const watchersOf = (start: number, days: number): Request[] =>
  Array.from({ length: days * 288 }, (_, i) => ({
    ...plain,
    ts: start + i * 300 + 7,
    m: i % 2 === 0 ? 'HEAD' : 'GET',
    p: '/',
    ua: 'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)',
    ip: '69.162.124.226',
    s: 200,
    benign: 'watcher',
  }))

interface Campaign {
  readonly kind: string
  readonly at: number
  readonly ip: string
}

const stuffing = ({ kind, at, ip }: Campaign, { next, pick }: Dice): Request[] =>
  Array.from({ length: 60 }, () => {
    const rb = { user: `u${Math.floor(next() * 1e6)}`, password: pick(['123456', 'secret', 'hunter2']) }
    return { ...plain, ts: at + next() * 1200, m: 'POST', p: '/login', ua: 'okhttp/4.9', ip, s: 401, q: 60, rb, kind }
  })

/** Ids that are somebody else's: walked along, or tried out of order. */
const enumeration = ({ kind, at, ip }: Campaign, path: string, dice: Dice): Request[] =>
  Array.from({ length: 80 }, (_, i) => {
    const id = kind === 'bola_walk' ? 2000 + i : Math.floor(dice.next() * 90_000)
    const s = dice.pick(kind === 'bola_walk' ? [200, 200, 404] : [403, 404, 404, 200])
    const p = path.replace('{id}', String(id))
    return {
      ...plain,
      ts: at + i * 4 + dice.next(),
      m: 'GET',
      p,
      ua: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/12',
      ip,
      s,
      kind,
    }
  })

/** A path that is not there now and then, over hours, among ordinary requests of the same address. */
const slowScan = ({ kind, at, ip }: Campaign, { next, pick }: Dice): Request[] =>
  Array.from({ length: 40 }, () => {
    const p = pick([
      '/.env.local',
      '/backup.zip',
      '/api/internal/users',
      '/actuator/env',
      '/console',
      '/v1/keys',
      '/old/admin',
    ])
    return {
      ...plain,
      ts: at + next() * 28_800,
      m: 'GET',
      p,
      ua: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/12',
      ip,
      s: 404,
      kind,
    }
  })

export const CAMPAIGNS = ['credential_stuffing', 'bola_walk', 'bola_random', 'slow_scan'] as const

/** Each kind once, on days after the first; `path` has an id. */
export const campaignsOf = (
  { start, days, path }: { start: number; days: number; path: string },
  dice: Dice,
): Request[] =>
  CAMPAIGNS.flatMap((kind) => {
    const at = start + DAY * (1 + dice.next() * (days - 1.5))
    const campaign = { kind, at, ip: `203.0.113.${1 + Math.floor(dice.next() * 250)}` }
    if (kind === 'credential_stuffing') return stuffing(campaign, dice)
    return kind === 'slow_scan' ? slowScan(campaign, dice) : enumeration(campaign, path, dice)
  })
