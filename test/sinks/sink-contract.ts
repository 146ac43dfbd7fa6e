/** What the sinks must hold over every database: one call per kind. Each case starts from an empty one. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { LogRecord } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { tables } from '../../sinks/postgres/tables.ts'
import { migrate } from '../../sinks/sinks.ts'
import { anAlert, anEndpoint, anEvent, aSignal, T0 } from './events.ts'
import { count, offsets, openTestLog, until, upTo } from './kit.ts'
import { bench, type Place } from './place.ts'
import { startReceiver } from './webhook/receiver.ts'

export const sinkContract = (name: string, make: () => Promise<Place>): void => {
  describe(`sink contract: ${name}`, () => {
    const { place, opened, start } = bench(make)

    test('webhooks are told of alerts, across a restart and while they are away', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const receiver = await startReceiver()
      try {
        receiver.status = 503
        const more = {
          webhooks: [{ url: receiver.url, secret: 's', about: ['drift'], minSeverity: 'info', services: [] }],
        } as const
        const first = await start(from, database, more)
        await from.put('alerts', 'a1', [anAlert('a1', 'open')])
        await until(
          'an attempt',
          () => receiver.received.length,
          (n) => n > 1,
        )
        await first.close()
        receiver.status = 200
        const tried = receiver.received.length
        const second = await start(from, database, more)
        await until(
          'the message',
          () => receiver.received.length,
          (n) => n > tried,
        )
        await from.put('alerts', 'a1', [anAlert('a1', 'open'), anAlert('a1', 'resolved')])
        await until(
          'the end of it',
          () => receiver.received.at(-1)?.body ?? '',
          (body) => body.includes('drift.resolved'),
        )
        await second.close()
        expect(receiver.received).toHaveLength(tried + 2)
      } finally {
        await receiver.close()
      }
    })

    test('rows of every topic, and where it stopped', async () => {
      const [from, database] = [await openTestLog(2), await opened(await place())]
      await from.put('exchanges', 'shop', [
        anEvent(
          1,
          {},
          { status: 503, answeredBy: 'ghost', ghost: { kind: 'exact', confidence: 0.9, activation: 'a1' } },
        ),
      ])
      await from.put('exchanges', 'shop', [
        aSignal(2, { kind: 'breaker', subject: 'u', from: 'closed', to: 'open' }),
        aSignal(3, { kind: 'heartbeat' }),
      ])
      const id = 'shop GET /books/{id}'
      await from.put('endpoints', id, [
        anEndpoint(id),
        anEndpoint(id, { count: 2 }),
        anEndpoint(id, { count: 3, fidelity: 0.5 }),
      ])
      await from.put('endpoints', 'gone', [anEndpoint('gone GET /')])
      await from.raw('endpoints', 'gone', null)
      await from.put('activations', id, [
        {
          id: 'a1',
          service: 'shop',
          endpoint: id,
          reason: 'down',
          startedAt: T0,
          lastAt: T0,
          endedAt: 0,
          answers: [{ name: 'exact', count: 4 }],
          refused: 0,
        },
      ])
      const sinks = await start(from, database)
      await until(
        'rows',
        () => count(database, 'activations'),
        (n) => n === 1,
      )
      await until(
        'rows',
        () => count(database, 'signals'),
        (n) => n === 1,
      )
      expect(
        await database.query(
          'select time, status, answered_by, path, query, ghost_kind, total_us, log_topic from exchanges',
        ),
      ).toEqual([
        {
          time: '2026-01-31T12:00:00.001000Z',
          status: 503,
          answered_by: 'ghost',
          path: '/books/7',
          query: 'full=1',
          ghost_kind: 'exact',
          total_us: 1000,
          log_topic: topicName('exchanges'),
        },
      ])
      expect(await database.query('select id, count, fidelity from endpoints')).toEqual([
        { id, count: 3, fidelity: 0.5 },
      ])
      expect(await database.query('select answers, ended_at from activations')).toEqual([
        { answers: { exact: 4 }, ended_at: null },
      ])
      await until(
        'positions',
        () => sinks.positions().get('endpoints/0'),
        (n) => n === 5,
      )
    })

    test('restart and replay: each offset once', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const first = await start(from, database)
      await from.put(
        'exchanges',
        'shop',
        upTo(50).map((n) => anEvent(n)),
      )
      await until(
        'first half',
        () => count(database, 'exchanges'),
        (n) => n === 50,
      )
      await first.close()
      await from.put(
        'exchanges',
        'shop',
        upTo(50).map((n) => anEvent(50 + n)),
      )
      const second = await start(from, database)
      await until(
        'all',
        () => count(database, 'exchanges'),
        (n) => n === 100,
      )
      await second.close()
      await database.transaction([{ kind: 'script', sql: 'update sink_offsets set position = 0' }])
      const third = await start(from, database)
      await until(
        'replayed',
        () => third.positions().get('exchanges/0'),
        (n) => n === 100,
      )
      await until(
        'stored',
        async () =>
          (await database.query(`select position from sink_offsets where topic = 'exchanges'`))[0]?.['position'],
        (n) => n === 100,
      )
      expect(await offsets(database)).toEqual(upTo(100))
    })

    test('older knowledge never overwrites newer, in whatever order it is written again', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      await migrate(database)
      const sink = postgresSink({ database, codecs: from.codecs, tables: tables(() => undefined) })
      const record = (offset: number, value: Uint8Array | null): LogRecord => ({
        topic: topicName('endpoints'),
        partition: 0,
        offset,
        timestamp: 0,
        key: 'e',
        value,
      })
      const version = (offset: number): LogRecord =>
        record(offset, from.codecs.encode('endpoints', anEndpoint('e', { count: offset })))
      await sink.write([{ topic: 'endpoints', partition: 0, records: [version(1), version(2)] }])
      await sink.write([{ topic: 'endpoints', partition: 0, records: [version(1), record(1, null)] }])
      expect(await database.query('select count from endpoints')).toEqual([{ count: 2 }])
      expect((await sink.positions()).get('endpoints/0')).toBe(3)
      await sink.write([{ topic: 'endpoints', partition: 0, records: [version(2), record(3, null)] }])
      expect(await count(database, 'endpoints')).toBe(0)
    })

    test('what cannot be read or stored is put aside, and the next goes on', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      await migrate(database)
      // A constraint stands for whatever a database may refuse.
      await database.transaction([{ kind: 'script', sql: `alter table exchanges add check (path <> '/refused')` }])
      await from.put('exchanges', 'shop', [anEvent(0)])
      await from.raw('exchanges', 'shop', new Uint8Array([0, 0, 0, 0, 1, 9]))
      await from.raw('exchanges', 'shop', new Uint8Array(randomBytes(40)))
      await from.put('exchanges', 'shop', [
        anEvent(3, {}, { target: '/refused' }),
        anEvent(4, { at: 9_000_000_000_000_000 }, { target: `/\u0000\t\\.${'x'.repeat(20_000)}`, method: '\\.' }),
      ])
      await start(from, database)
      expect(
        await until(
          'good ones',
          () => offsets(database),
          (seen) => seen.includes(4),
        ),
      ).toEqual([0, 4])
      const letters = await database.query(
        'select source_offset, stage, reason from dead_letters order by source_offset',
      )
      expect(letters.map((letter) => [letter['source_offset'], letter['stage']])).toEqual([
        [1, 'decode'],
        [2, 'decode'],
        [3, 'publish'],
      ])
    })

    test('killed again and again while records flow: each offset exactly once', async () => {
      const at = await place()
      const [from, total] = [await openTestLog(), 3000]
      const database = await opened(at)
      const sinks = await start(from, database)
      let sent = 0
      const feed = (async () => {
        for (; sent < total; sent += 100) {
          await from.put(
            'exchanges',
            'shop',
            upTo(100).map((n) => anEvent(sent + n)),
          )
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      })()
      for (const share of [0.2, 0.6]) {
        await until(
          'some progress',
          () => sinks.positions().get('exchanges/0') ?? 0,
          (n) => n >= total * share * 0.5,
        )
        await at.kill()
        await at.revive()
      }
      await feed
      await until(
        'all',
        () => sinks.positions().get('exchanges/0'),
        (n) => n === total,
        60_000,
      )
      expect(await offsets(database)).toEqual(upTo(total))
      expect(
        (await database.query(`select position from sink_offsets where topic = 'exchanges'`))[0]?.['position'],
      ).toBe(total)
    })
  })
}
