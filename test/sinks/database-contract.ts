/** What every database must hold: one call per kind of database. Each case starts from an empty one. */
import { describe, expect, test } from 'vitest'
import type { Step } from '../../sinks/kit/database.ts'
import { migrations } from '../../sinks/postgres/migrations/migrations.ts'
import { migrate, migrationStatus } from '../../sinks/sinks.ts'
import { count, until } from './kit.ts'
import { bench, type Place } from './place.ts'

export const databaseContract = (name: string, make: () => Promise<Place>): void => {
  describe(`database contract: ${name}`, () => {
    const { place, opened } = bench(make)

    test('migrates once, in order, whoever asks how often', async () => {
      const database = await opened(await place())
      expect((await migrationStatus(database)).map((m) => m.appliedAt)).toEqual(migrations.map(() => undefined))
      const runs = await Promise.all([migrate(database), migrate(database)])
      expect(
        runs
          .flat()
          .sort()
          .filter((n, i, all) => all.indexOf(n) === i),
      ).toEqual(migrations.map((m) => m.number))
      expect(await migrate(database)).toEqual([])
      expect((await migrationStatus(database)).every((m) => m.appliedAt?.endsWith('Z'))).toBe(true)
    })

    test('a transaction is all or nothing; time keeps its microseconds, text its odd characters', async () => {
      const database = await opened(await place())
      await database.transaction([{ kind: 'script', sql: 'create table t (a text, b bigint, c timestamptz, d jsonb)' }])
      const copy: Step = {
        kind: 'copy',
        table: 't',
        columns: ['a', 'b', 'c', 'd'],
        text: 'x\\ty\\\\z\\nü\t9007199254740991\t2026-01-31T12:00:00.000001Z\t{"k":[1]}\n',
      }
      await expect(database.transaction([copy, { kind: 'script', sql: 'select 1/0' }])).rejects.toMatchObject({
        code: 'data',
      })
      expect(await count(database, 't')).toBe(0)
      await database.transaction([copy])
      expect(await database.query('select * from t where b > $1', [1])).toEqual([
        { a: 'x\ty\\z\nü', b: 9007199254740991, c: '2026-01-31T12:00:00.000001Z', d: { k: [1] } },
      ])
      await expect(database.query('select nonsense')).rejects.toMatchObject({ code: 'failed', retry: false })
    })

    test('killed in mid-transaction: nothing of it stays', async () => {
      const at = await place()
      const database = await opened(at)
      await database.transaction([{ kind: 'script', sql: 'create table t (a text)' }])
      const copy: Step = { kind: 'copy', table: 't', columns: ['a'], text: 'x\n' }
      const broken = expect(
        database.transaction([copy, { kind: 'script', sql: 'select pg_sleep(30)' }]),
      ).rejects.toMatchObject({ code: 'unavailable', retry: true })
      await new Promise((resolve) => setTimeout(resolve, 300))
      await at.kill()
      await broken
      await at.revive()
      await until(
        'it answers again',
        () => count(database, 't').catch(() => -1),
        (n) => n === 0,
      )
    })
  })
}
