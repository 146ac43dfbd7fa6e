import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createState, type State } from '../../../processors/runtime/state.ts'

type Op = readonly ['set' | 'delete' | 'get' | 'checkpoint' | 'rollback', string, number]

const ops = fc.array(
  fc.tuple(
    fc.constantFrom('set' as const, 'delete' as const, 'get' as const, 'checkpoint' as const, 'rollback' as const),
    fc.constantFrom('a', 'b', 'a/b', '__proto__', ''),
    fc.integer({ min: 0, max: 9 }),
  ),
  { maxLength: 40 },
)

/** A plain map with copies at checkpoints: what the store must be like. */
const model = () => {
  let live = new Map<string, number>()
  let kept = new Map<string, number>()
  return {
    live: () => live,
    run: ([op, key, value]: Op) => {
      if (op === 'set') live.set(key, value)
      if (op === 'delete') live.delete(key)
      if (op === 'checkpoint') kept = new Map(live)
      if (op === 'rollback') live = new Map(kept)
    },
  }
}

const run = (state: State, changelog: Map<string, Uint8Array | null>, [op, key, value]: Op): void => {
  const store = state.stores('p').open<{ v: number }>('s')
  if (op === 'set') {
    const known = store.get(key) ?? { v: 0 }
    known.v = value
    store.set(key, known)
  }
  if (op === 'delete') store.delete(key)
  if (op === 'get') store.get(key)
  if (op === 'checkpoint') state.checkpoint(changelog)
  if (op === 'rollback') state.rollback()
}

describe('the state of a task', () => {
  it('behaves as a map, across checkpoints and rollbacks, and is restored from its changes', () => {
    fc.assert(
      fc.property(ops, (list) => {
        const state = createState()
        const store = state.stores('p').open<{ v: number }>('s')
        const changelog = new Map<string, Uint8Array | null>()
        const twin = model()
        for (const op of list) {
          run(state, changelog, op)
          twin.run(op)
          expect(store.keys()).toEqual([...twin.live().keys()].sort())
          expect(store.size).toBe(twin.live().size)
          for (const [key, v] of twin.live()) expect(store.get(key)).toEqual({ v })
        }
        state.checkpoint(changelog)
        const restored = createState()
        restored.stores('p').open('s')
        restored.restore(Array.from(changelog, ([key, value]) => ({ key, value })))
        expect(restored.dump()).toEqual(state.dump())
      }),
    )
  })
  it('names changes by processor, store and key, and passes over stores that nobody opens', () => {
    const state = createState()
    state.stores('shapes').open<number>('parts').set('shop GET /a', 1)
    const changes = new Map<string, Uint8Array | null>()
    state.checkpoint(changes)
    expect([...changes.keys()]).toEqual(['shapes.parts/shop GET /a'])
    state.restore([{ key: 'gone.store/x', value: new Uint8Array([1]) }])
    expect(state.dump()).toHaveLength(1)
  })
  it('writes no change where the bytes stayed the same', () => {
    const state = createState()
    const store = state.stores('p').open<number>('s')
    store.set('a', 1)
    state.checkpoint(new Map())
    store.set('a', 1)
    const changes = new Map<string, Uint8Array | null>()
    state.checkpoint(changes)
    expect(changes.size).toBe(0)
  })
})
