import { expect, test, vi } from 'vitest'
import { loggerOf } from '../../../deploy/cli/logger.ts'
import { allOf, databaseAnswers, logAnswers } from '../../../deploy/roles/readiness.ts'
import { startVitals } from '../../../deploy/roles/vitals.ts'
import { watchViews } from '../../../deploy/roles/watched-views.ts'
import { LogError, type View } from '../../../schemas/log.ts'

const never = new Promise<never>(() => undefined)

test('a log or database that fails or hangs is a reason, and is not asked twice at once', async () => {
  const ranges = vi.fn((): Promise<never> => never)
  const hangs = logAnswers({ ranges }, 20)
  expect(await allOf([hangs, async () => undefined])).toEqual({
    ready: false,
    reasons: ['the log does not answer within 0.02 s'],
  })
  await hangs()
  expect(ranges).toHaveBeenCalledTimes(1)
  const refuses = databaseAnswers({ query: () => Promise.reject(new Error('no route')) })
  expect((await allOf([refuses])).reasons).toEqual(['the database does not answer: no route'])
  expect(await allOf([databaseAnswers({ query: async () => [] })])).toEqual({ ready: true, reasons: [] })
})

test('the probes say it in words: a problem while not ready, what is amiss when ready all the same', async () => {
  let state = { ready: false, reasons: ['the log does not answer'] }
  const vitals = await startVitals({
    host: '127.0.0.1',
    port: 0,
    ready: async () => state,
    metrics: async () => 'up 1\n',
  })
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${vitals.port}${path}`)
  const not = await ask('/readyz')
  expect([not.status, not.headers.get('content-type')]).toEqual([503, 'application/problem+json'])
  expect(await not.json()).toMatchObject({ status: 503, detail: 'the log does not answer' })
  expect((await ask('/livez')).status).toBe(200)
  state = { ready: true, reasons: ['3 events wait'] }
  const yes = await ask('/readyz')
  expect([yes.status, await yes.json()]).toEqual([200, { status: 'ready', reasons: ['3 events wait'] }])
  expect(await (await ask('/metrics')).text()).toBe('up 1\n')
  expect((await ask('/')).status).toBe(404)
  await vitals.close()
})

test('a view that stands still is said once, is a reason, and is forgotten when it is closed', async () => {
  const said: string[] = []
  const logger = loggerOf((level, _obj, msg) => said.push(`${level} ${msg}`))
  const state: { trouble: LogError | undefined; closed: boolean } = { trouble: undefined, closed: false }
  const real: View = {
    get: () => undefined,
    entries: () => new Map<string, Uint8Array>().entries(),
    size: 7,
    subscribe: () => () => undefined,
    positions: () => [],
    get trouble() {
      return state.trouble
    },
    close: async () => void (state.closed = true),
  }
  const views = watchViews(async () => real, logger, 5)
  const view = await views.view('chaosproxy.ghosts.v1')
  expect([view.size, await views.moving()]).toEqual([7, undefined])
  state.trouble = new LogError('corrupt', 'a checksum fails')
  await vi.waitFor(() => expect(said).toEqual(['error a view of the log stands still; trying again']))
  expect(await views.moving()).toBe('the view of chaosproxy.ghosts.v1 stands still: a checksum fails')
  state.trouble = undefined
  await vi.waitFor(() => expect(said.at(-1)).toBe('info the view of the log moves again'))
  expect(said).toHaveLength(2)
  state.trouble = new LogError('corrupt', 'again')
  await view.close()
  expect([state.closed, await views.moving()]).toEqual([true, undefined])
  views.close()
})
