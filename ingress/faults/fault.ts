/** What a fault is: settings in, an effect out. It waits for nothing and touches nothing; the phase carries the effect out. */
import type { Distortion } from '../phases/context.ts'

export type Effect =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: number | undefined }
  | { readonly kind: 'reset' }
  /** No upstream is asked, as if all were down. */
  | { readonly kind: 'outage' }
  | { readonly kind: 'distort'; readonly distortion: Distortion }

/** Numbers from 0 to below 1; the same ones again for the same seed, hit and turn. */
export type Draw = (turn: number) => number

/** What it does to one request; `mark` is what x-chaos and the log say of it. */
export type Fault = (draw: Draw) => { readonly effect: Effect; readonly mark: string }
