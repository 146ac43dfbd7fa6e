import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { testMessage } from '../../../schemas/webhooks.ts'
import { startReceiver, type Receiver } from '../../sinks/webhook/receiver.ts'
import { run, type Ran } from './run.ts'

let dir: string
let receiver: Receiver
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-webhooks-'))
  receiver = await startReceiver()
})
afterEach(async () => {
  await receiver.close()
  rmSync(dir, { recursive: true, force: true })
})

const webhooks = (urls: readonly string[], ...args: string[]): Promise<Ran> => {
  const config = join(dir, 'chaos-proxy.yaml')
  writeFileSync(config, JSON.stringify({ alerts: { webhooks: urls.map((url) => ({ url, secret: 's' })) } }))
  return run('webhooks', '--config', config, ...args)
}

test('each webhook is sent a signed message, and what becomes of it is told', async () => {
  expect(await webhooks([receiver.url])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^delivered .* 200, \d+ ms/),
  })
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
  expect(headers['webhook-signature']).toMatch(/^v1,/)
  expect(testMessage.parse(JSON.parse(body)).type).toBe('test')
})

test('what is not taken is a failed check, with a cure and without the secrets of the URL', async () => {
  receiver.status = 403
  const { code, out } = await webhooks([receiver.url, 'http://127.0.0.1:1/x?key=1'])
  expect([code, out]).toEqual([3, expect.not.stringContaining('key=1')])
  expect(out).toMatch(/^refused .* it answers 403.*\n.*look at its URL/)
  expect(out).toMatch(/^away .*\n.*start it, or mend its address/m)
  const tried = JSON.parse((await webhooks([receiver.url], '--json')).out) as { kind: string }[]
  expect(tried.map(({ kind }) => kind)).toEqual(['refused'])
})

test('without any it says where they are named', async () => {
  expect(await webhooks([])).toMatchObject({ code: 0, out: expect.stringContaining('alerts.webhooks') })
})
