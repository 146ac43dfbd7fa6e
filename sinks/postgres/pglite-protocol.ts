/** What the process that owns PGlite and the one that asks say to each other over IPC (structured clone). */
import type { Row, Step } from '../kit/database.ts'

export interface PgliteSettings {
  readonly dir: string
  /** A dumped empty data directory, for a faster first start; undefined: initdb. */
  readonly seed: string | undefined
  /** The last try to open failed: move the directory aside and start empty. */
  readonly rebuild: boolean
  /** Who asks, for the lock: shown to whoever finds the directory taken. */
  readonly owner: string
}

export type ToServer =
  | { readonly kind: 'open'; readonly settings: PgliteSettings }
  | { readonly kind: 'query'; readonly id: number; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly kind: 'transaction'; readonly id: number; readonly steps: readonly Step[] }
  | { readonly kind: 'close' }

export type FromServer =
  | { readonly kind: 'ready'; readonly movedTo: string | undefined }
  | { readonly kind: 'refused'; readonly code: 'locked' | 'unavailable' | 'damaged'; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly rows: readonly Row[] }
  | { readonly kind: 'failed'; readonly id: number; readonly state: string; readonly message: string }
