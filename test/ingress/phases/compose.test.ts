import { describe, expect, it } from 'vitest'
import { compose, type Next, type Phase } from '../../../ingress/phases/compose.ts'
import type { Reply } from '../../../ingress/phases/context.ts'
import { contextOf } from '../kit/context.ts'

const reply: Reply = { status: 418, headers: [], body: new Uint8Array(0), answeredBy: 'self', why: 'internal' }

const walk = (phases: readonly Phase[], answer?: (done: () => void) => void) => {
  const seen: string[] = []
  compose({
    phases: phases.map((phase, i) => [`p${i}`, phase] as const),
    answer: (_context, { status }, done) => {
      seen.push(`answer ${status}`)
      if (answer === undefined) done()
      else answer(done)
    },
    record: () => seen.push('record'),
    defect: (_context, phase, error) => {
      seen.push(`defect ${phase}: ${(error as Error).message}`)
      return { ...reply, status: 500 }
    },
  })(contextOf())
  return seen
}

describe('a walk', () => {
  it('goes through every phase and is recorded once', () => {
    const order: number[] = []
    const phase =
      (n: number): Phase =>
      (_context, next) => {
        order.push(n)
        next()
      }
    expect(walk([phase(1), phase(2), phase(3)])).toEqual(['record'])
    expect(order).toEqual([1, 2, 3])
  })

  it('ends at the first reply', () => {
    const late: Phase = () => expect.unreachable()
    expect(walk([(_context, next) => next(reply), late])).toEqual(['answer 418', 'record'])
  })

  it('answers with a defect when a phase throws, and is still recorded once', () => {
    const broken: Phase = () => {
      throw new Error('boom')
    }
    expect(walk([broken])).toEqual(['defect p0: boom', 'answer 500', 'record'])
  })

  it('refuses a second next(), and does not answer or record twice', () => {
    let again: Next = () => undefined
    const seen = walk([
      (_context, next) => {
        again = next
        next(reply)
      },
    ])
    expect(() => again()).toThrow('the phase p0 called next() twice')
    expect(() => again(reply)).toThrow('twice')
    expect(seen).toEqual(['answer 418', 'record'])
  })

  it('records once even when the answer throws, or ends twice', () => {
    const throwing = walk([(_context, next) => next(reply)], () => {
      throw new Error('gone')
    })
    expect(throwing).toEqual(['answer 418', 'defect answer: gone', 'record'])
    const twice = walk([(_context, next) => next(reply)], (done) => [done(), done()])
    expect(twice).toEqual(['answer 418', 'record'])
  })

  it('answers with a defect when a reply that is to come throws, and sends one answer only', () => {
    const throwing: Reply = {
      ...reply,
      later: () => {
        throw new Error('boom')
      },
    }
    expect(walk([(_context, next) => next(throwing)])).toEqual(['defect p0: boom', 'answer 500', 'record'])
    const twice: Reply = { ...reply, later: (send) => [send(reply), send(reply)] }
    expect(walk([(_context, next) => next(twice)])).toEqual(['answer 418', 'record'])
  })

  it('answers with a defect when what comes in a callback fails, and after an answer only says so', () => {
    const failing: Phase = (context, next) => next({ ...reply, later: () => context.fail(new Error('boom')) })
    expect(walk([failing])).toEqual(['defect p0: boom', 'answer 500', 'record'])
    const waiting: Phase = (context) => context.fail(new Error('boom'))
    expect(walk([waiting])).toEqual(['defect p0: boom', 'answer 500', 'record'])
    const late: Reply = { ...reply, later: (send) => send(reply) }
    const answered: Phase = (context, next) => [next(late), context.fail(new Error('late'))]
    expect(walk([answered])).toEqual(['answer 418', 'record', 'defect p0: late'])
  })
})
