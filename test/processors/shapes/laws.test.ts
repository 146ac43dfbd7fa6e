import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../processors/kit/processor.ts'
import { costOf } from '../../../processors/shapes/cost.ts'
import { schemaOf } from '../../../processors/shapes/json-schema.ts'
import { emptyTree, learnValue } from '../../../processors/shapes/learn.ts'
import { mergeShape } from '../../../processors/shapes/merge.ts'
import { emptyPart, mergePart, putPart, takePart, type Part } from '../../../processors/shapes/part.ts'
import { emptyShape, type Fields, type Shape } from '../../../processors/shapes/shape.ts'
import { openWriter, written } from '../../../processors/shapes/bytes.ts'
import { bodies, bytesOf, compile, learnAll, learned, PLENTY, restored, times } from './kit.ts'

const many = fc.array(bodies, { maxLength: 12 })
/** From no room at all to plenty. */
const budgets = fc.constantFrom(0, 30, 80, 200, 600, PLENTY)

const sorted = <T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] =>
  [...entries].sort(([x], [y]) => (x < y ? -1 : 1))
const fieldsView = ({ n, required, closed, names, children, values }: Fields): unknown => ({
  n,
  required,
  closed,
  values: values && view(values),
  fields: sorted(children.map((child, i) => [names[i] as string, view(child)] as const)),
})
/** Everything but the order of names, which is the order of arrival and no part of the law. */
const view = ({ texts, items, fields, union, ...rest }: Shape): unknown => ({
  ...rest,
  texts: texts && { ...texts, values: texts.values && sorted(texts.values) },
  items: items && { ...items, shape: view(items.shape) },
  fields: fields && fieldsView(fields),
  union: union && [union.tag, sorted(union.variants).map(([tag, variant]) => [tag, fieldsView(variant)])],
})

const partBytes = (part: Part): Uint8Array => {
  const writer = openWriter()
  putPart(writer, part)
  return written(writer)
}

const sum = (...all: readonly Shape[]): Shape => {
  const into = emptyShape()
  for (const one of all) mergeShape(into, one)
  return into
}

const invalid = (shape: Shape, values: readonly JsonValue[]): readonly unknown[] => {
  const validate = compile(schemaOf(shape))
  return values.filter((value) => !validate(value))
}

describe('everything learned validates against the schema', () => {
  it('whatever came, in whatever order, with little room or much', () => {
    fc.assert(
      fc.property(many, budgets, (values, budget) => {
        const { shape } = learnAll(emptyTree(budget), values)
        expect(invalid(shape, values)).toEqual([])
      }),
      { numRuns: 800 },
    )
  })
  it('also what was learned apart and merged, within the budget of one', () => {
    fc.assert(
      fc.property(many, many, budgets, (a, b, budget) => {
        const [x, y] = [emptyPart(budget), emptyPart(budget)]
        learnAll(x.tree, a)
        learnAll(y.tree, b, 'p')
        mergePart(x, y)
        expect(invalid(x.tree.shape, [...a, ...b])).toEqual([])
        expect(costOf(x.tree.shape)).toBeLessThanOrEqual(Math.max(budget, 8))
      }),
      { numRuns: 200 },
    )
  })
  it('and a schema stays right until the learner says that it changed', () => {
    fc.assert(
      fc.property(bodies, fc.array(bodies, { maxLength: 40 }), budgets, (first, values, budget) => {
        const tree = emptyTree(budget)
        learnValue(tree, first, { asker: 0 })
        let validate = compile(schemaOf(tree.shape))
        for (const value of values) {
          if (learnValue(tree, value, { asker: 0 })) validate = compile(schemaOf(tree.shape))
          expect(validate(value), JSON.stringify(value)).toBe(true)
        }
      }),
      { numRuns: 80 },
    )
  })
  it('and so do words that were an enumeration for a while', () => {
    const word = fc.constantFrom(...times(24, (i) => `word${i}`))
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 20, arbitrary: fc.constantFrom('red', 'blue') }, word)), (rest) => {
        const tree = learnAll(
          emptyTree(PLENTY),
          times(40, (i) => (i % 2 ? 'red' : 'blue')),
        )
        let validate = compile(schemaOf(tree.shape))
        for (const value of rest) {
          if (learnValue(tree, value, { asker: 0 })) validate = compile(schemaOf(tree.shape))
          expect(validate(value), value).toBe(true)
        }
      }),
      { numRuns: 80 },
    )
  })
})

describe('shapes merge', () => {
  it('in any order and grouping to the same', () => {
    fc.assert(
      fc.property(many, many, many, (a, b, c) => {
        const [x, y, z] = [learned(a), learned(b, 'p'), learned(c, 'q')]
        const whole = view(sum(x, y, z))
        expect(view(sum(z, sum(y, x)))).toEqual(whole)
        expect(view(sum(sum(z, x), y))).toEqual(whole)
        expect(view(sum(x))).toEqual(view(x))
      }),
      { numRuns: 200 },
    )
  })
})

describe('state', () => {
  it('learns on after a restore as it would have without', () => {
    fc.assert(
      fc.property(many, many, budgets, (a, b, budget) => {
        const here = emptyPart(budget)
        learnAll(here.tree, a)
        const there = takePart({ bytes: partBytes(here), at: 0 })
        for (const part of [here, there]) learnAll(part.tree, b, 'p')
        expect(partBytes(there)).toEqual(partBytes(here))
        expect(JSON.stringify(schemaOf(there.tree.shape))).toBe(JSON.stringify(schemaOf(here.tree.shape)))
      }),
    )
  })
  it('costs no more than its budget, and its bytes no more than its cost', () => {
    fc.assert(
      fc.property(fc.array(bodies, { maxLength: 60 }), budgets, (values, budget) => {
        const { shape, room } = learnAll(emptyTree(budget), values)
        expect(bytesOf(shape).length).toBeLessThanOrEqual(costOf(shape))
        expect(costOf(shape)).toBeLessThanOrEqual(Math.max(8, budget))
        expect(room).toBeLessThanOrEqual(Math.max(0, budget - costOf(shape)))
        expect(view(restored(shape))).toEqual(view(shape))
        expect(bytesOf(restored(shape))).toEqual(bytesOf(shape))
      }),
    )
  })
  it('a zero is a zero, whatever its sign', () => {
    const { shape } = learnAll(emptyTree(400), [
      { n: -0, m: 5 },
      { n: -0, m: -0 },
    ])
    expect(view(restored(shape))).toEqual(view(shape))
  })
  it('stays bounded by bodies made to fill it: names, then types, then depth, then values', () => {
    const budget = 20 * 1024
    const tree = emptyTree(budget)
    const hostile = (i: number): JsonValue => ({
      [`a${'x'.repeat(i % 250)}`]: { [`b${'y'.repeat(i % 70)}`]: [i, { [`\u0001${'z'.repeat(i % 40)}`]: 1 }] },
      [`type${i % 90}`]: [true, 'text', 1.5, null, [[]], { x: -1.7e308 }][i % 6] as JsonValue,
      deep: times(60, (d) => d).reduce<JsonValue>((below, d) => ({ [`d${(d + i) % 7}`]: below }), i),
    })
    for (let i = 0; i < 3000; i++) learnValue(tree, hostile(i), { asker: i })
    expect(bytesOf(tree.shape).length).toBeLessThanOrEqual(budget)
    expect(invalid(tree.shape, times(3000, hostile))).toEqual([])
  })
})
