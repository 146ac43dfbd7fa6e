/** Open windows as JSON on the changelog: sketches of distinct values in hexadecimal, top lists as rows. */
import type { JsonCodec } from '../kit/processor.ts'
import { decodeDistinct, encodeDistinct, type HyperLogLog } from '../../schemas/semantics/sketches/hyperloglog.ts'
import { emptyTop, type Top } from '../../schemas/semantics/sketches/top.ts'
import { openWindow, TOP, type OpenWindow } from './window.ts'

type Rows = [name: string, count: number, error: number][]

interface Kept extends Omit<OpenWindow, 'clients' | 'principals' | 'paths' | 'agents' | 'errors'> {
  readonly clients: string
  readonly principals: string
  readonly paths: Rows
  readonly agents: Rows
  readonly errors: Rows
}

const hex = (sketch: HyperLogLog): string =>
  Array.from(encodeDistinct(sketch), (byte) => byte.toString(16).padStart(2, '0')).join('')

const unhex = (text: string): HyperLogLog =>
  decodeDistinct(
    Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)),
  )

const rows = (top: Top): Rows => Array.from(top.names.values(), ({ name, count, error }) => [name, count, error])

const unrows = (list: Rows): Top => {
  const top = emptyTop(TOP)
  for (const [name, count, error] of list) top.names.set(name, { name, count, error })
  return top
}

/** What version 0.1 kept of a minute: it is taken over with what it has. */
interface Old {
  readonly endpoint: string
  readonly service: string
  readonly start: number
}

const isOld = (json: unknown): json is Old => !('span' in (json as object))

const taken = (old: Old): OpenWindow => {
  const { endpoint, service, start, ...rest } = old
  const place = { id: endpoint, service, scope: 'endpoint', name: '', partition: 0 } as const
  return { ...openWindow(place, start, 60), ...rest }
}

export const windowCodec: JsonCodec<OpenWindow> = {
  toJson: (window): Kept => ({
    ...window,
    clients: hex(window.clients),
    principals: hex(window.principals),
    paths: rows(window.paths),
    agents: rows(window.agents),
    errors: rows(window.errors),
  }),
  fromJson: (json) => {
    if (isOld(json)) return taken(json)
    const kept = json as Kept
    return {
      ...kept,
      clients: unhex(kept.clients),
      principals: unhex(kept.principals),
      paths: unrows(kept.paths),
      agents: unrows(kept.agents),
      errors: unrows(kept.errors),
    }
  },
}
