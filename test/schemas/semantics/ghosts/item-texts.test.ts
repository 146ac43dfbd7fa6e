import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ANY_FIELD, knownItem, onlyNames } from '../../../../schemas/semantics/ghosts/item-texts.ts'
import type { Fields } from '../../../../schemas/semantics/ghosts/pointers.ts'

const NAMES = ['id', 'title', 'a\nb', 'own']
const object = fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue({ maxDepth: 2 }))
const shape = fc.option(fc.uniqueArray(fc.constantFrom(...NAMES)))

it('an object is shown as its list shows such objects, whatever lists showed it before', () => {
  const asked = fc.array(fc.tuple(fc.nat(), shape), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(object, { minLength: 1, maxLength: 5 }), asked, (objects, all) => {
      for (const [n, names] of all) {
        const one = objects[n % objects.length] as Fields
        const shown = knownItem(one, names === null ? ANY_FIELD : onlyNames(JSON.stringify(names)))
        const left = Object.entries(one).filter(([name]) => names === null || names.includes(name))
        expect(shown.item).toEqual(Object.fromEntries(left))
        expect(shown.text).toBe(JSON.stringify(shown.item))
      }
    }),
  )
})
