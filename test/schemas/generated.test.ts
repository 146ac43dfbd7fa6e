import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generated } from '../../deploy/generate.ts'

test.each(Object.entries(generated()))('schemas/generated/%s is current (npm run generate)', (name, text) => {
  expect(readFileSync(new URL(`../../schemas/generated/${name}`, import.meta.url), 'utf8')).toBe(text)
})
