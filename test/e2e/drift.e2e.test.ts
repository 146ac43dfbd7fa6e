/** A backend renames a field: one alert, that says so; a person resolves it, and the answers that come after open it again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, startCli, type Cli } from './kit/cli.ts'
import { load } from './kit/load.ts'

interface Alert {
  readonly id: string
  readonly status: string
  readonly severity: string
  readonly summary: string
  readonly changes: readonly { readonly kind: string; readonly pointer: string; readonly renamed_to: string | null }[]
}

let dir: string
let dev: Cli
let proxy: string
let admin: string
let backend: Server
let renamed = false

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-drift-'))
  backend = createServer((request, answer) => {
    const id = Number(request.url?.split('/')[2])
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({ id, name: `item ${id}`, [renamed ? 'userId' : 'user_id']: 1000 + (id % 7) }))
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const target = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
  dev = startCli(['--target', target, '--port', '0', '--admin-port', '0', '--service', 'shop'], { cwd: dir })
  const [line] = await dev.until(/^.*"msg":"ready".*$/m, 100_000)
  ;({ proxy, admin } = JSON.parse(line) as { proxy: string; admin: string })
}, 120_000)

afterAll(async () => {
  await dev.end('SIGTERM')
  backend.close()
  rmSync(dir, { recursive: true, force: true })
})

const alerts = async (): Promise<readonly Alert[]> => {
  const page = await fetch(`${admin}/admin/drift-alerts`).then(
    (r) => r.json() as Promise<{ items?: readonly Alert[] }>,
    () => ({ items: [] }),
  )
  return page.items ?? []
}

const send = (): Promise<unknown> => load(100, 2, (n) => `${proxy}/items/${n}`)

test('one alert for a renamed field; resolved; reopened when it is not', async () => {
  await send()
  await eventually('all of it is learned', async () => {
    const said = await fetch(`${admin}/api/pipeline`).then(
      (r) => r.json() as Promise<{ caught_up: boolean }>,
      () => undefined,
    )
    return said?.caught_up === true
  })
  expect(await alerts()).toEqual([])
  renamed = true
  await eventually('an alert', async () => {
    await send()
    return (await alerts())[0]?.changes.some(({ renamed_to: to }) => to === '/userId') === true
  })
  const [alert, ...others] = await alerts()
  expect(others).toEqual([])
  expect(alert).toMatchObject({ status: 'open', severity: 'breaking' })
  expect(alert?.changes).toMatchObject([{ pointer: '/user_id', renamed_to: '/userId' }])
  const headers = { 'content-type': 'application/json' }
  const resolve = await fetch(`${admin}/admin/drift-alerts/${alert?.id}/resolve`, { method: 'POST', headers })
  expect(resolve.status).toBe(202)
  const status = async (): Promise<string | undefined> => (await alerts())[0]?.status
  await eventually('it is resolved', async () => (await status()) === 'resolved')
  await eventually('it is reopened', async () => {
    await send()
    return (await status()) === 'reopened'
  })
}, 180_000)
