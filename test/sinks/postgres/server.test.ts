import { expect, test } from 'vitest'
import { openServer } from '../../../sinks/postgres/server.ts'

test.each(['postgres://me:hush@host:5432/db', 'postgresql://me@host/db?sslmode=require&password=hush'])(
  'where %s is said without its password',
  async (url) => {
    const database = openServer(url)
    expect(database.where).toMatch(/^postgres(ql)?:\/\/me.*host.*db/)
    expect(database.where).not.toContain('hush')
    await database.close()
  },
)
