import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { generated } from '../../deploy/generate.ts'
import { topicSpecs, topics } from '../../schemas/topics.ts'

const require = createRequire(import.meta.url)

test('the generated document is a valid AsyncAPI 3.0.0 document with every topic', () => {
  const document = JSON.parse(generated()['asyncapi.json'] as string) as { channels: object }
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false })
  const validate = ajv.compile(require('@asyncapi/specs/schemas/3.0.0.json') as object)
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true)
  expect(Object.keys(document.channels)).toEqual(Object.keys(topics))
})

test('topics are created from the registry: names, partitions, policies', () => {
  const specs = topicSpecs(6, 1000)
  expect(specs.find((s) => s.name === 'chaosproxy.exchanges.v1')).toEqual({
    name: 'chaosproxy.exchanges.v1',
    partitions: 6,
    cleanup: 'delete',
    retentionMs: 1000,
  })
  expect(specs.filter((s) => s.cleanup.includes('delete') && s.retentionMs === undefined)).toEqual([])
})
