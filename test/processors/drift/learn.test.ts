import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { learn } from '../../../deploy/learn/learn.ts'

it('learned from a file, each signal has the index of the exchange that made it certain', async () => {
  const out = mkdtempSync(join(tmpdir(), 'chaos-drift-'))
  const line = (i: number): string =>
    JSON.stringify({
      time: 1_760_000_000 + i,
      method: 'GET',
      path: `/users/${i}`,
      status: 200,
      response_body: { id: i, ...(i < 60 ? { name: 'x' } : { name: 'x', email: 'a@b.c' }) },
    })
  try {
    const file = join(out, 'in.jsonl')
    writeFileSync(file, Array.from({ length: 100 }, (_, i) => line(i)).join('\n'))
    const { drift } = await learn({ files: [file], out, service: 'shop' })
    expect(drift).toBe(1)
    const found = JSON.parse(readFileSync(join(out, 'drift.jsonl'), 'utf8')) as Record<string, unknown>
    expect(found).toMatchObject({ index: 61, endpoint: 'shop GET /users/{id}', kind: 'field_added', offset: 60 })
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
})
