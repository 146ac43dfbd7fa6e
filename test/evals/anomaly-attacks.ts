/** The strange requests of anomaly-worlds.ts, each made from an ordinary one. */
import { random } from '../topology/recording.ts'

export interface Request {
  ts: number
  m: string
  p: string
  ua: string
  ip: string
  s: number
  d: number
  q: number
  r: number
  /** A body, and headers besides the agent. */
  rb?: object
  h?: Readonly<Record<string, string>>
  kind?: string
  /** Odd, but nothing that anybody should be told of. */
  benign?: string
}

export interface Dice {
  readonly next: () => number
  normal(): number
  pick<T>(from: readonly T[]): T
}

export const diceOf = (seed: number): Dice => {
  const next = random(seed)
  return {
    next,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (from) => from[Math.floor(next() * from.length)] as (typeof from)[number],
  }
}

/** From quarter to quarter: what was, and a step back to 0. */
export const wander = (sd: number, { normal }: Dice): (() => number) => {
  let at = 0
  return () => (at = 0.8 * at + 0.6 * sd * normal())
}

export const poisson = (mean: number, { next }: Dice): number => {
  let count = 0
  for (let left = mean + Math.log(next()); left > 0; left += Math.log(next())) count++
  return count
}

const ATTACKS = [
  "1' OR 1=1--",
  '<img src=x onerror=alert(1)>',
  '..%2f..%2f..%2fetc%2fpasswd',
  '1;SELECT pg_sleep(5)',
  '{{7*7}}',
  '$(id)',
  '; cat /etc/hosts',
  '" or ""="',
  '%00.png',
  '${env:HOME}',
  'x UNION ALL SELECT NULL,NULL',
  'file:///etc/hosts',
  '| nslookup x.example',
]

export const STRANGE: Readonly<Record<string, (one: Request, dice: Dice) => void>> = {
  sqli: (one, dice) => {
    const [path = '', query] = one.p.split('?')
    const name = query?.split('=')[0] ?? dice.pick(['q', 'id', 'filter', 'page'])
    one.p = `${path}?${name}=${encodeURIComponent(dice.pick(ATTACKS))}`
    one.s = dice.pick([200, 400, 400, 500])
  },
  odd_method: (one, dice) => {
    one.m = dice.pick(['TRACE', 'PROPFIND', 'OPTIONS', 'LOCK', 'SEARCH', 'DEBUG'])
    one.s = 405
    one.r = 60
    one.d = 3
  },
  odd_agent: (one, dice) => {
    one.ua = dice.pick([
      'gobuster/3.6',
      'nuclei/3',
      '',
      'curl/8.5',
      'Wget/1.21',
      'sqlmap/1.7',
      '() { :;}; echo x',
      'libwww-perl/6.7',
    ])
  },
  big_response: (one, dice) => {
    one.s = 200
    one.r = Math.round(one.r * (40 + 60 * dice.next()) + 20_000)
  },
  big_body: (one, dice) => {
    one.m = 'POST'
    one.s = 413
    one.q = Math.round(1e6 * (1 + 9 * dice.next()))
  },
  slow_one: (one, dice) => {
    one.s = one.s < 400 ? one.s : 200
    one.d = Math.round(one.d * (30 + 60 * dice.next()))
  },
}
