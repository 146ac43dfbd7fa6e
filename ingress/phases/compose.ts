/**
 * The walk of one request through the phases. Each phase goes on with `next()`, or ends the walk with `next(reply)`;
 * it may do so later, but only once: a second call is a defect and throws. Whatever happens on the way, a walk is
 * answered at most once and recorded exactly once.
 */
import type { Context, Reply } from './context.ts'

export type Next = (reply?: Reply) => void
export type Phase = (context: Context, next: Next) => void

export interface Composition {
  /** In order; the last one (forward) has answered the client itself when it calls `next()`. */
  readonly phases: readonly (readonly [name: string, phase: Phase])[]
  /** Sends a reply made here; `done` follows when it went out or the client is gone. */
  readonly answer: (context: Context, reply: Reply, done: () => void) => void
  /** The recording phase: capture, then emit. */
  readonly record: (context: Context) => void
  /** A phase threw: what the client gets. */
  readonly defect: (context: Context, phase: string, error: unknown) => Reply
}

export const compose = ({ phases, answer, record, defect }: Composition): ((context: Context) => void) => {
  const run = (context: Context): void => {
    let at = -1
    let ended = false
    let answered = false
    let recorded = false

    const finish = (): void => {
      if (recorded) return
      recorded = true
      record(context)
    }
    const end = (reply: Reply | undefined): void => {
      if (ended) return
      ended = true
      if (reply === undefined) return finish()
      if (reply.later === undefined) return send(reply)
      try {
        reply.later(send)
      } catch (error) {
        context.fail(error)
      }
    }
    const send = (reply: Reply): void => {
      if (answered) return
      answered = true
      try {
        answer(context, reply, finish)
      } catch (error) {
        defect(context, 'answer', error)
        finish()
      }
    }
    const step = (index: number): void => {
      at = index
      const phase = phases[index]
      if (phase === undefined) return end(undefined)
      const next: Next = (reply) => {
        if (at !== index || ended) throw new Error(`the phase ${phase[0]} called next() twice`)
        if (reply === undefined) step(index + 1)
        else end(reply)
      }
      try {
        phase[1](context, next)
      } catch (error) {
        end(defect(context, phase[0], error))
      }
    }
    context.fail = (error) => {
      const phase = phases[at]?.[0] ?? ''
      const reply = defect(context, phase, error)
      if (ended) send(reply)
      else end(reply)
    }
    step(0)
  }
  return run
}
