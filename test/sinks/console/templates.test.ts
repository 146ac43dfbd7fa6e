import { afterEach, expect, test } from 'vitest'
import { topicName } from '../../../schemas/topics.ts'
import { anEndpoint } from '../events.ts'
import { until } from '../kit.ts'
import { startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(() => started?.console.close())

const ORDERS = 'shop GET /reports/orders/{id}'
const INVOICES = 'shop GET /reports/invoices/{id}'
const LONG = 'shop GET /reports'
const OTHER = 'bank GET /reports/orders/{id}'

const begin = async (): Promise<void> => {
  started = await startTestConsole()
  for (const id of [ORDERS, INVOICES, LONG, OTHER]) await started.at.put('endpoints', id, [anEndpoint(id)])
  await until(
    'endpoints',
    async () => (await (await fetch(`${started.url}/admin/endpoints`)).json()) as { items: unknown[] },
    (page) => page.items.length === 4,
  )
}

const say = async (id: string, word: string, value: object = {}): Promise<readonly [number, string]> => {
  const response = await fetch(`${started.url}/admin/endpoints/${encodeURIComponent(id)}/${word}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  })
  return [response.status, await response.text()]
}

const commands = async (): Promise<unknown[]> => {
  const found: unknown[] = []
  const options = { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } } as const
  for await (const records of started.at.log.read(topicName('exchanges'), options))
    for (const { value } of records) {
      const { command } = started.at.codecs.decode('exchanges', value as Uint8Array)
      if (command !== null)
        found.push([command.kind, command.subject, command.value === '' ? '' : JSON.parse(command.value)])
    }
  return found
}

test('a word on templates is a command on the log', async () => {
  await begin()
  expect((await say(ORDERS, 'merge', { with: [INVOICES] }))[0]).toBe(202)
  expect((await say(ORDERS, 'split', { words: ['8601'] }))[0]).toBe(202)
  expect((await say(ORDERS, 'rename', { template: '/reports/{kind}/{orderId}' }))[0]).toBe(202)
  expect((await say(ORDERS, 'pin'))[0]).toBe(202)
  expect((await say(ORDERS, 'unpin'))[0]).toBe(202)
  expect(await commands()).toEqual([
    ['endpoints.merge', ORDERS, { with: [INVOICES] }],
    ['endpoints.split', ORDERS, { words: ['8601'] }],
    ['endpoints.rename', ORDERS, { template: '/reports/{kind}/{orderId}' }],
    ['endpoints.pin', ORDERS, ''],
    ['endpoints.unpin', ORDERS, ''],
  ])
})

test('what cannot be done is refused with the reason', async () => {
  await begin()
  const refused = async (status: number, reason: string, ...told: Parameters<typeof say>): Promise<void> => {
    const [code, text] = await say(...told)
    expect([code, text.includes(reason)], text).toEqual([status, true])
  }
  await refused(404, 'no endpoint', 'shop GET /none', 'pin')
  await refused(404, 'no endpoint', ORDERS, 'merge', { with: ['shop GET /none'] })
  await refused(400, 'another service', ORDERS, 'merge', { with: [OTHER] })
  await refused(400, 'as many segments', ORDERS, 'merge', { with: [LONG] })
  await refused(400, 'no parameter name', ORDERS, 'split', { words: ['x'], parameter: 'name' })
  await refused(400, 'no segment', LONG, 'split', { words: ['x'] })
  await refused(400, 'words', ORDERS, 'split', { words: ['a/b'] })
  await refused(400, 'under other names', ORDERS, 'rename', { template: '/reports/{id}' })
  await refused(400, 'each is there once', ORDERS, 'rename', { template: '/reports/{id}/{id}' })
  await refused(400, 'begins with', ORDERS, 'rename', { template: 'reports' })
  expect(await commands()).toEqual([])
})
