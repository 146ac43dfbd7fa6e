/** What is kept of single answers, objects, credentials and writes, one record each. */
import type { Header } from '../../events.ts'

/** One stored answer to one target, asker and set of headers. */
export interface Variant {
  readonly headersKey: string
  readonly varyKey: string
  status: number
  headers: Header[]
  body: string
  /** `body` is Latin-1 text of the bytes, not UTF-8 text. */
  binary: boolean
  coding: string
  at: number
}

/** The exact answers to one target for one asker. */
export interface AnswerSet {
  readonly key: string
  readonly service: string
  readonly endpoint: string
  variants: Variant[]
  at: number
  /** Order of use: the offset of the exchange that touched it last. */
  tick: number
}

/** What is known of one object: what each asker saw of it, and when it was last written or found gone. */
export interface ObjectRecord {
  readonly key: string
  readonly service: string
  readonly type: string
  readonly id: string
  /** `aside`: what only lists show of it. */
  views: { readonly asker: string; json: string; at: number; whole: boolean; readonly aside?: string }[]
  gone: number
  written: number
  /** Order of first sight. */
  born: number
  /** The writes right below it since it was seen last: the endpoint of the first, how many, the time of the first. */
  below?: [string, number, number]
  tick: number
}

/** A credential as the answers treated it. */
export interface Credential {
  readonly key: string
  readonly service: string
  readonly asker: string
  state: 'good' | 'bad'
  /** Whose it is, where the answer that issued it told: '' otherwise. */
  owner: string
  /** 401s in a row since it was let in last; counted to DOUBTED. */
  refused: number
  at: number
  tick: number
}

/** A path and the time of the last successful write to it or right under it. */
export interface Touch {
  readonly key: string
  readonly service: string
  at: number
  tick: number
}
