/** One small request through a pool, for those who want to know whether an upstream is well. */
import type { ResponseHead } from '../http1/response-head.ts'
import { abort, type Call, type Listener } from './call.ts'
import type { Pool } from './pool.ts'

export interface Probed {
  readonly status: number
  /** The beginning of the body. */
  readonly body: string
}

interface About {
  readonly most: number
  readonly settle: (outcome: Probed | Error) => void
  status: number
  pieces: Buffer[]
  length: number
}

const probedOf = ({ status, pieces }: About): Probed => ({ status, body: Buffer.concat(pieces).toString('utf8') })

const listener: Listener<About> = {
  handed: () => undefined,
  interim: () => undefined,
  head: (about, { status }: ResponseHead) => void (about.status = status),
  data: (about, bytes) => {
    about.pieces.push(bytes)
    about.length += bytes.length
    if (about.length >= about.most) about.settle(probedOf(about))
    return true
  },
  pause: () => undefined,
  end: (about) => about.settle(probedOf(about)),
  failed: (about, error) => about.settle(error),
}

export interface Probe {
  readonly target: string
  /** ms */
  readonly timeout: number
  /** Bytes of the body. */
  readonly most: number
}

/** Rejects when there is no answer in time. */
export const probe = (pool: Pool, { target, timeout, most }: Probe): Promise<Probed> =>
  new Promise((resolve, reject) => {
    const settle = (outcome: Probed | Error): void => {
      clearTimeout(timer)
      abort(call)
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    }
    const about: About = { most, settle, status: 0, pieces: [], length: 0 }
    const lines = ['user-agent', 'chaos-proxy-health']
    const rest = { body: null, framing: 'none', fresh: false, carried: undefined, over: false } as const
    const call: Call<About> = { method: 'GET', target, lines, ...rest, listener, about }
    const timer = setTimeout(() => settle(new Error(`did not answer within ${timeout} ms`)), timeout)
    pool.send(call as Call)
  })
