/** What the recovered backend says is read no further than it is compared. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { ApiContext } from '../../../sinks/console/api/context.ts'
import { verifyRows } from '../../../sinks/console/verify.ts'
import { anEvent } from '../events.ts'
import { openTestLog } from '../kit.ts'

const answers = new Set<ServerResponse>()
const server = createServer((_, response) => {
  answers.add(response)
  response.once('close', () => answers.delete(response))
  const more = (): void => {
    while (response.write(Buffer.alloc(65_536, 'x')));
  }
  response.on('drain', more)
  more()
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('given a backend whose answer does not end, its status counts and it is left', async () => {
  const at = await openTestLog()
  await at.put('exchanges', 'shop', [anEvent(1)])
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const row = { id: 'e', path: '/a', query: '', status: 200, method: 'GET', log_partition: 0, log_offset: 0 }
  const context = { options: at } as unknown as ApiContext
  const found = await verifyRows(context, [row], { origin, limit: 1 })
  expect(found).toEqual([{ target: '/a', told: 200, status: 200, agreement: null, right: true }])
  await at.log.close()
})
