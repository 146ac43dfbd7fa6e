import fc from 'fast-check'
import { expect, test } from 'vitest'
import { windowKey } from '../../../processors/traffic/traffic.ts'
import { codeOfState, copyText } from '../../../sinks/kit/database.ts'
import { time } from '../../../sinks/postgres/table.ts'
import { startInKey, tables } from '../../../sinks/postgres/tables.ts'
import { isoTime } from '../../../sinks/postgres/types.ts'
import { anEvent, aSignal, T0 } from '../events.ts'

const record = { topic: 'chaosproxy.exchanges.v1', partition: 2, offset: 7, timestamp: 0, key: 'shop', value: null }
const rowOf = (name: string, value: unknown): Record<string, unknown> | undefined => {
  const table = tables((service, method, path) => `${service} ${method} ${path}`).find((t) => t.table === name)
  const row = table?.row(value, record)
  return row && Object.fromEntries(row.map((field, i) => [table?.columns[i] as string, field]))
}

test('an exchange becomes a row that says where its bodies are', () => {
  const row = rowOf('exchanges', anEvent(3, {}, { target: '/books/7?full=1?x', faults: ['delay', 'abort'] }))
  expect(row).toMatchObject({
    id: '0190-00000003',
    endpoint: 'shop GET /books/7',
    path: '/books/7',
    query: 'full=1?x',
    faults: 'delay abort',
    ghost_kind: null,
    response_bytes: 8,
  })
  expect(row).toMatchObject({ log_topic: record.topic, log_partition: 2, log_offset: 7 })
  expect(JSON.stringify(row)).not.toContain('{"id":7}')
})

test('each event has its rows in the tables where it belongs, and nowhere else', () => {
  const rows = (value: unknown): string[] => ['exchanges', 'signals'].filter((name) => rowOf(name, value) !== undefined)
  expect(rows(anEvent(1))).toEqual(['exchanges'])
  expect(rows(aSignal(1, { kind: 'breaker' }))).toEqual(['signals'])
  expect(rows(aSignal(1, { kind: 'heartbeat' }))).toEqual([])
  expect(rows({ ...anEvent(1), kind: 'command', exchange: null })).toEqual([])
})

test('columns are named once, and keys are among them', () => {
  for (const table of tables(() => undefined)) expect(new Set(table.columns).size).toBe(table.columns.length)
  for (const table of tables(() => undefined)) for (const key of table.key) expect(table.columns).toContain(key)
})

test('times keep their microseconds, whatever they are', () => {
  expect(time(T0 + 1)).toBe('2026-01-31T12:00:00.000001Z')
  expect(isoTime('2026-01-31 12:00:00.5+00')).toBe('2026-01-31T12:00:00.500000Z')
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.maxSafeInteger()), (micros) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time(Math.trunc(micros))),
    ),
  )
})

test('the text format keeps every string apart and every row on one line', () => {
  const unescape = (text: string): string =>
    text.replace(/\\(.)/g, (_, c: string) => ({ t: '\t', n: '\n', r: '\r' })[c] ?? c)
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { minLength: 1 }), (rows) => {
      const lines = copyText(rows).split('\n')
      expect(lines.pop()).toBe('')
      expect(lines.map((line) => line.split('\t').map(unescape))).toEqual(
        rows.map((row) => row.map((s) => s.replaceAll('\0', '\uFFFD'))),
      )
    }),
  )
  expect(copyText([[null, undefined, NaN, Infinity, true, 0]])).toBe('\\N\t\\N\t\\N\t\\N\tt\t0\n')
})

test('what may be tried again is told by SQLSTATE', () => {
  expect(['08006', '57P03', '53300', '25006', ''].map(codeOfState)).toEqual(Array(5).fill('unavailable'))
  expect(['40P01', '40001', '57014', '55P03'].map(codeOfState)).toEqual(Array(4).fill('conflict'))
  expect(['22021', '23514', '54000'].map(codeOfState)).toEqual(Array(3).fill('data'))
  expect(['42601', '28P01', '3D000'].map(codeOfState)).toEqual(Array(3).fill('failed'))
})

test.each([
  [60, 0],
  [3600, 0],
  [86_400, 2],
])('the key of a window says when it began: span %i, partition %i', (span, partition) => {
  const place = { id: 'shop GET /books@home', service: 'shop', scope: 'endpoint', name: '', partition } as const
  expect(startInKey(windowKey(place, T0, span))).toBe(T0)
  expect(startInKey(place.id)).toBeUndefined()
})
