import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrations } from '../../../sinks/postgres/migrations/migrations.ts'
import { startPostgres, withoutPostgres, type TestPostgres } from '../../kit/postgres.ts'
import { run } from './run.ts'

describe.skipIf(withoutPostgres())('over a server', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cp-migrate-'))
  let server: TestPostgres
  let place: readonly string[]
  beforeAll(async () => {
    server = await startPostgres()
    place = ['--data-dir', dir, '--database', await server.newDatabase()]
  })
  afterAll(async () => {
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  test('says what is pending, applies it, says what stands, and empties a table for the sinks', async () => {
    const before = await run('migrate', ...place)
    expect(before.out).toContain('5   storage      pending')
    const numbers = migrations.map(({ number }) => number)
    expect((await run('migrate', 'up', ...place)).out).toBe(`applied ${numbers.join(', ')}\n`)
    expect((await run('migrate', 'up', ...place)).out).toContain('nothing to do')
    const after = await run('migrate', 'status', ...place)
    expect(after.out).toContain('partitions by time')
    expect(after.out).not.toContain('pending')
    expect(after.out).toMatch(/^exchanges +1 +0 +\d+ KiB$/m)
    const json = JSON.parse((await run('migrate', 'status', '--json', ...place)).out)
    expect([json.storage, json.failing]).toEqual(['plain', []])
    expect((await run('migrate', 'rebuild', 'windows_hour', ...place)).out).toContain('(windows)')
    expect(await run('migrate', 'rebuild', 'nothing', ...place)).toMatchObject({ code: 2 })
  })
})
