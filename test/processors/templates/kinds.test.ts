/** What a segment may cost: anybody can ask for a path of any letters. */
import { expect, test } from 'vitest'
import { decorationOf, readSegment } from '../../../processors/templates/kinds.ts'
import { nameClues } from '../../../processors/templates/names.ts'

/** Longer than any target that the ingress takes: what is cubic does not end in a test's time. */
const LENGTH = 100_000

test.each(['A1', '1', 'aB', 'a%40', '%3A', 'a.', 'a~b', ':a', '=b', "a('", '9-', 'user'])(
  'a segment of nothing but %j is read in linear time',
  (text) => {
    for (const end of ['_', '!', '.json']) {
      const segment = text.repeat(LENGTH / text.length) + end
      expect(readSegment(segment, 1, '').key).not.toBe('')
      decorationOf(segment)
      nameClues(segment)
    }
  },
)
