/** `chaos` as a person types it: command line, admin API, log and an ingress that obeys. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, get, openStand, type Stand } from '../../ingress/kit/stand.ts'
import { startTestConsole, type Started } from '../../sinks/console/kit.ts'
import { run, type Ran } from './run.ts'

let dir: string
let stand: Stand
let started: Started

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-chaos-'))
  stand = await openStand({ backend: (_req, res) => res.end('fine'), service: { ghost: { mode: 'off' } } })
  started = await startTestConsole({ log: stand.log, codecs: stand.codecs })
})
afterEach(async () => {
  await started.console.close()
  await stand.close()
  rmSync(dir, { recursive: true, force: true })
})

const chaos = (...args: string[]): Promise<Ran> =>
  run('chaos', ...args, '--admin-port', String(started.console.port), '--data-dir', dir)
const status = async (path = '/'): Promise<number> => (await get(stand.url + path)).status

test('a fault is ordered, strikes whom it means, is listed, and ends', async () => {
  const order = ['add', 'failure', '--status', '500', '--endpoint', 'GET /books/{id}', '--id', 'broken', '--for', '2m']
  expect(await chaos(...order)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^broken strikes until 20/) as string,
  })
  await eventually('the fault', async () => (await status('/books/7')) === 500)
  expect(await status('/authors/7')).toBe(200)
  const { out } = await chaos()
  expect(out).toMatch(/broken +failure +status=500 +service=\* endpoint=GET \/books\/\{id\} percent=100/)
  expect(await chaos('clear', 'broken')).toMatchObject({ code: 0, out: 'no faults\n' })
  await eventually('its end', async () => (await status('/books/7')) === 200)
  expect(await chaos('clear', 'broken')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no fault broken') as string,
  })
})

test('it outlives who ordered it and dies at its time; the topic is swept when another is ordered', async () => {
  await chaos('add', 'failure', '--id', 'short', '--for', '1s')
  await started.console.close()
  await eventually('the fault', async () => (await status()) === 503)
  await eventually('its end', async () => (await status()) === 200)
  started = await startTestConsole({ log: stand.log, codecs: stand.codecs })
  const { url } = started
  const post = (body: object): Promise<Response> =>
    fetch(`${url}/api/chaos/rules`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect(await (await fetch(`${url}/api/chaos/rules`)).json()).toMatchObject({ items: [] })
  const made = await post({ fault: { kind: 'latency', ms: 5 }, match: { header: { name: 'x-canary' } }, seed: 35 })
  expect([made.status, await made.json()]).toMatchObject([
    201,
    { id: 'latency-z', seed: 35, fault: { distribution: 'fixed' } },
  ])
  const { items } = (await (await fetch(`${url}/api/chaos/rules`)).json()) as { items: { id: string }[] }
  expect(items.map(({ id }) => id)).toEqual(['latency-z'])
  expect((await post({ fault: { kind: 'latency', ms: -5 } })).status).toBe(400)
  expect((await post({ fault: { kind: 'abort' }, for_seconds: 1e6 })).status).toBe(400)
})

test('stop ends all and allows none until resume', async () => {
  await chaos('add', 'failure')
  await eventually('the fault', async () => (await status()) === 503)
  expect((await chaos('stop')).out).toContain('all faults are stopped')
  await eventually('the stop', async () => (await status()) === 200)
  expect(await chaos('add', 'abort')).toMatchObject({
    code: 1,
    err: expect.stringContaining('all faults are stopped') as string,
  })
  expect((await chaos('clear')).out).toContain('no faults')
  expect((await chaos('resume')).out).toBe('no faults\n')
  expect((await chaos('add', 'latency', '--ms', '1', '--json')).code).toBe(0)
})

test('slips are told with a cure', async () => {
  expect(await chaos('add', 'latency', '--status', '500')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--status says nothing about latency\n.*--ms, --distribution/) as string,
  })
  expect(await chaos('add', 'failure', '--for', 'ever')).toMatchObject({ code: 2 })
  expect(await chaos('add', 'meteor')).toMatchObject({ code: 2 })
})

test('anomalies hear of a fault where it was asked for: by the order, or by the configuration for all', async () => {
  const marks = async (): Promise<unknown> => (await stand.exchanges()).at(-1)?.exchange?.faults
  await chaos('add', 'failure', '--id', 'quiet')
  expect(await chaos()).toMatchObject({ out: expect.stringMatching(/quiet .* hushed$/m) as string })
  await eventually('the fault', async () => (await status()) === 503)
  await eventually('its mark', async () => JSON.stringify(await marks()) === '["failure/quiet"]')
  await chaos('add', 'failure', '--id', 'quiet', '--alarm')
  expect(await chaos()).toMatchObject({ out: expect.stringMatching(/quiet .* told$/m) as string })
  await eventually('the other mark', async () => {
    await status()
    return JSON.stringify(await marks()) === '["failure/quiet/alarm"]'
  })
  await started.console.close()
  started = await startTestConsole({ log: stand.log, codecs: stand.codecs, faultsAlarm: true })
  await chaos('add', 'abort', '--id', 'loud')
  await chaos('add', 'abort', '--id', 'still', '--no-alarm')
  const rows = (await chaos()).out.split('\n').map((line) => [line.split(' ')[0], line.split(' ').at(-1)])
  expect(rows).toContainEqual(['loud', 'told'])
  expect(rows).toContainEqual(['still', 'hushed'])
})
