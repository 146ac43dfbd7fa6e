/** An incident, from exchanges to what a person is told: the processor, the sink, the admin API, the command line. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { anomalies } from '../../processors/anomalies/anomalies.ts'
import { startProcessors } from '../../processors/runtime/host.ts'
import type { Database } from '../../sinks/kit/database.ts'
import { startConsole } from '../../sinks/console/console.ts'
import { run } from '../deploy/cli/run.ts'
import { town } from '../processors/anomalies/traffic.ts'
import { anEvent, anExchange } from '../processors/kit/builders.ts'
import { literalLocator } from '../processors/kit/given.ts'
import { openTestLog, silent, until, type TestLog } from './kit.ts'
import { bench, type Place } from './place.ts'

interface Anomaly {
  readonly id: string
  readonly kind: string
  readonly endpoint: string
  readonly sentence: string
  readonly ended_at: string | null
  readonly alarms: readonly object[]
}

const consoleOver = ({ log, codecs }: TestLog, database: Database) =>
  startConsole({
    log,
    codecs,
    database,
    host: '127.0.0.1',
    port: 0,
    registry: new Registry(),
    logger: silent,
    app: 'processors',
  })

export const anomalyContract = (name: string, make: () => Promise<Place>): void => {
  describe(`anomaly contract: ${name}`, () => {
    const { place, opened, start } = bench(make)

    test('a backend that turns slow is an incident, until it is well again', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const topology = { locator: literalLocator(), processors: [anomalies] }
      const processors = await startProcessors({ log: from.log, codecs: from.codecs, topology, commitIntervalMs: 20 })
      await start(from, database)
      const console = await consoleOver(from, database)
      const get = async (query: string): Promise<readonly Anomaly[]> => {
        const answer = await fetch(`http://127.0.0.1:${console.port}/api/anomalies${query}`)
        return ((await answer.json()) as { readonly items: readonly Anomaly[] }).items
      }
      const shop = town(21)
      await from.put('exchanges', 'shop', shop.spell({ minutes: 300 }))
      await from.put('exchanges', 'shop', shop.spell({ minutes: 15, slower: 3 }))
      const [open] = await until(
        'an incident',
        () => get('?open=true'),
        ({ length }) => length === 1,
      )
      expect(open).toMatchObject({ kind: 'latency', ended_at: null })
      expect(open?.sentence).toMatch(/^shop is [\d.]+ times slower than usual for Thursday 17:00; started 17:0\d/)
      expect(open?.alarms.length).toBeGreaterThan(0)

      await from.put('exchanges', 'shop', shop.spell({ minutes: 60 }))
      const attack = anExchange({ target: '/books?id=1%27%20OR%20%271%27=%271', client: 'mallory', status: 400 })
      await from.put('exchanges', 'shop', [anEvent({ id: 'x', at: shop.now(), exchange: attack })])
      await until(
        'it is over',
        () => get('?open=true'),
        ({ length }) => length === 0,
      )
      const told = await until(
        'the strange request',
        () => get('?requests=true'),
        ({ length }) => length === 2,
      )
      expect(told.map(({ kind }) => kind)).toEqual(['request', 'latency'])
      expect(told[1]?.ended_at).not.toBeNull()
      expect(await get('?kind=errors')).toEqual([])
      expect(await get('?service=other&requests=true')).toEqual([])
      const one = await fetch(`http://127.0.0.1:${console.port}/api/anomalies/${encodeURIComponent(told[1]?.id ?? '')}`)
      expect(await one.json()).toMatchObject({ id: open?.id, accepted: false })
      expect((await fetch(`http://127.0.0.1:${console.port}/api/anomalies/none`)).status).toBe(404)

      const dir = mkdtempSync(join(tmpdir(), 'cp-anomalies-'))
      const where = ['--data-dir', dir, '--admin-port', String(console.port)]
      expect((await run('anomalies', ...where)).out).toMatch(/over +0\.\d\d {2}shop is [\d.]+ times slower/)
      expect((await run('anomalies', '--open', ...where)).out).toContain('nothing unusual goes on')
      expect(JSON.parse((await run('anomalies', '--requests', '--json', ...where)).out)).toHaveLength(2)
      rmSync(dir, { recursive: true, force: true })
      await console.close()
      await processors.close()
    })
  })
}
