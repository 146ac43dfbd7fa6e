import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Alert } from '../../../schemas/events.ts'
import { topicName } from '../../../schemas/topics.ts'
import { startTestConsole, type Started } from '../../sinks/console/kit.ts'
import { anEndpoint } from '../../sinks/events.ts'
import { run } from './run.ts'

const ENDPOINT = 'shop GET /users/{id}'

const alert = (id: string, at: number, status: string, score: number): Alert => ({
  id,
  service: 'shop',
  at,
  lastAt: at,
  status,
  severity: 'breaking',
  score,
  summary: `1 critical issue at ${ENDPOINT}`,
  exchange: 'e1',
  offset: 7,
  mixed: true,
  upstreams: [{ name: 'one', old: 3, fresh: 4 }],
  changes: [
    {
      signal: `${id}-s`,
      endpoint: ENDPOINT,
      kind: 'field_removed',
      pointer: '/user_id',
      renamedTo: '/userId',
      severity: 'breaking',
      confidence: 0.9876,
      before: 'integer',
      after: 'integer',
      exchange: 'e1',
      offset: 7,
      at,
      status,
      count: 4,
    },
  ],
})

let dir: string
let started: Started
let place: readonly string[]
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-drift-'))
  started = await startTestConsole()
  place = ['--data-dir', dir, '--admin-port', String(started.console.port)]
  await started.at.put('endpoints', ENDPOINT, [anEndpoint(ENDPOINT)])
  await started.at.put('alerts', 'a1', [alert('a1', 1000, 'open', 40)])
  await started.at.put('alerts', 'a2', [alert('a2', 2000, 'resolved', 90)])
  await expect.poll(async () => (await run('drift', '--all', ...place)).out).toContain('a2')
})
afterEach(async () => {
  await started.console.close()
  await started.at.log.close()
  rmSync(dir, { recursive: true, force: true })
})

test('drift lists what is open; --all what is over, too', async () => {
  expect(await run('drift', ...place)).toMatchObject({
    code: 0,
    out: `a1  open       40  1 critical issue at ${ENDPOINT}\n`,
  })
  const { out } = await run('drift', 'list', '--all', '--json', ...place)
  expect((JSON.parse(out) as { id: string }[]).map(({ id }) => id)).toEqual(['a2', 'a1'])
  expect((await run('drift', '--service', 'other', ...place)).out).toBe('no drift\n')
})

test('drift --fail-over ends with 3 only for open alerts above it', async () => {
  expect((await run('drift', '--all', '--fail-over', '40', ...place)).code).toBe(0)
  const over = await run('drift', '--fail-over', '39', ...place)
  expect([over.code, over.err]).toEqual([3, expect.stringContaining('1 drift alert above 39')])
  const wrong = await run('drift', '--fail-over', '101', ...place)
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('expected a score from 0 to 100')])
})

test('drift show tells the changes', async () => {
  const { code, out } = await run('drift', 'show', 'a1', ...place)
  expect(code).toBe(0)
  expect(out).toContain(`breaking  ${ENDPOINT}  field_removed /user_id → /userId  integer → integer  seen 4 times`)
  expect(out).toContain('one  3 old answers, 4 new')
  const none = await run('drift', 'show', 'none', ...place)
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('there is no alert of this id')])
})

test('drift resolve and baseline put commands among the events', async () => {
  expect((await run('drift', 'resolve', 'a1', ...place)).code).toBe(0)
  expect((await run('drift', 'baseline', ENDPOINT, ...place)).code).toBe(0)
  const { log, codecs } = started.at
  const commands: unknown[] = []
  const all = { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } } as const
  for await (const batch of log.read(topicName('exchanges'), all))
    for (const { value } of batch) commands.push(codecs.decode('exchanges', value as Uint8Array).command)
  expect(commands).toMatchObject([
    { kind: 'drift.resolve', subject: 'a1' },
    { kind: 'drift.accept', subject: ENDPOINT },
  ])
})
