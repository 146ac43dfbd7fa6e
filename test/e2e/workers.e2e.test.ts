/** Several processes of the ingress on one port and one embedded log: all is on it once, one that dies is replaced, and a new version comes in without a refused request. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Event } from '../../schemas/events.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName } from '../../schemas/topics.ts'
import { eventually, startCli, type Cli } from './kit/cli.ts'
import { load, type Answer } from './kit/load.ts'

let backend: Server
let dir: string
let cli: Cli | undefined
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-workers-'))
  backend = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('{"ok":true}'))
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await cli?.end('SIGTERM')
  backend.close()
  rmSync(dir, { recursive: true, force: true })
})

const eventsOnTheLog = async (): Promise<Event[]> => {
  const log = await openEmbeddedLog({ dir: join(dir, 'default', 'log') })
  const codecs = await openCodecs(memorySchemaStore())
  const events: Event[] = []
  const all = { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } } as const
  for await (const batch of log.read(topicName('exchanges'), all))
    for (const { value } of batch) events.push(codecs.decode('exchanges', value as Uint8Array))
  await log.close()
  return events
}

const onTheLog = async (under = '/'): Promise<Event[]> =>
  (await eventsOnTheLog()).filter(({ exchange }) => exchange?.target.startsWith(under) === true)

/** Over one connection, so that one process alone sees that the backend is gone. */
const askAlone = (url: string, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => answer.resume().on('end', resolve)).on('error', reject)
  })

/** What one finds out the other believes at once. */
const sharesWhatItFinds = async (url: string): Promise<void> => {
  backend.close()
  backend.closeAllConnections()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; i < 10; i++) await askAlone(url, agent)
  agent.destroy()
  await eventually('the other process has heard of it', async () =>
    (await eventsOnTheLog()).some(({ signal }) => signal?.reason.startsWith('another process says') === true),
  )
}

/** Whichever process the kernel wakes: each has half of the connections that stay open. */
const servesEvenly = async (proxy: string): Promise<void> => {
  const agent = new Agent({ keepAlive: true })
  await Promise.all(Array.from({ length: 60 }, (_, n) => askAlone(`${proxy}/held/${n}`, agent)))
  await eventually('all of them are on the log', async () => (await onTheLog('/held/')).length === 60)
  agent.destroy()
  const counts = new Map<string, number>()
  for (const { instance } of await onTheLog('/held/')) counts.set(instance, (counts.get(instance) ?? 0) + 1)
  expect([...counts.values()].filter((count) => count >= 24)).toHaveLength(2)
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).map(Number)

test.skipIf(process.platform !== 'linux')('ingress --workers 2', { timeout: 120_000 }, async () => {
  const target = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
  const running = startCli(
    ['ingress', '--target', target, '--port', '0', '--workers', '2', '--data-dir', dir, '--json'],
    { cwd: dir },
  )
  cli = running
  const [, proxy] = await running.until(/"proxy":"(http:[^"]+)".*ingress is ready/)
  const before = await load(200, 2, (n) => `${proxy}/before/${n}`)
  // A process that is killed takes with it what is only in its memory.
  await eventually('what came before is on the log', async () => (await onTheLog()).length >= 400)
  const [first] = childrenOf(running.process.pid as number)
  process.kill(first as number, 'SIGKILL')
  const while_ = await load(100, 1, (n) => `${proxy}/while/${n}`)
  await running.until(/ingress runs again/)
  const after = await load(200, 1, (n) => `${proxy}/after/${n}`)
  expect([before, after].map((all) => all.filter(({ status }) => status === 200).length)).toEqual([400, 200])
  // A client of the dead one sees its connection break; the others see nothing.
  expect(while_.filter(({ status }) => status === 200).length).toBeGreaterThan(0)

  running.process.kill('SIGUSR2')
  const replaced = (): number => running.output().match(/a process of the ingress was replaced/g)?.length ?? 0
  const renewing: Answer[] = []
  while (replaced() < 2 && renewing.length < 6000)
    renewing.push(...(await load(100, 1, (n) => `${proxy}/renew/${renewing.length + n}`)))
  expect(replaced()).toBe(2)
  expect(renewing.filter(({ status }) => status !== 200)).toEqual([])
  // Those connections are closed meanwhile.
  await eventually('what was renewed is on the log', async () => (await onTheLog('/renew/')).length === renewing.length)
  await servesEvenly(proxy as string)
  await sharesWhatItFinds(`${proxy}/both`)
  expect(await running.end('SIGINT')).toBe(130)

  const targets = (await onTheLog())
    .map(({ exchange }) => exchange?.target as string)
    .filter((path) => path !== '/both')
  const of = (phase: string): string[] => targets.filter((path) => path.startsWith(`/${phase}/`))
  expect(new Set(targets).size).toBe(targets.length)
  expect([of('before').length, of('after').length, of('renew').length]).toEqual([400, 200, renewing.length])
})
