import { describe, expect, it } from 'vitest'
import { clientOf, noteClient, type Client } from '../../../processors/anomalies/client.ts'
import type { Observation } from '../../../processors/kit/processor.ts'
import { anExchange } from '../kit/builders.ts'

/** Steps along ids after sixty of them, so many seconds apart. */
const stepsOf = (seconds: number): number => {
  const kept = new Map<string, Client>()
  const store = {
    ...kept,
    get: (key: string) => kept.get(key),
    set: kept.set.bind(kept),
    keys: () => [],
    size: 0,
    delete: () => {},
  }
  for (let i = 1; i <= 60; i++) {
    const parameters = [{ name: 'id', kind: 'integer', value: String(i) }]
    const endpoint = { id: 'shop GET /books/{id}', service: 'shop', method: 'GET', template: '/books/{id}', parameters }
    const client = clientOf(store, 'shop c1', i * seconds * 1_000_000)
    noteClient(client, { endpoint, exchange: anExchange() } as unknown as Observation)
    kept.set('shop c1', client)
  }
  return kept.get('shop c1')?.steps ?? 0
}

describe('a client that asks for one id after the other', () => {
  it('has gone far when it takes a minute, and not when it takes an hour, as jobs do', () => {
    expect(stepsOf(1)).toBeGreaterThan(50)
    expect(stepsOf(60)).toBeLessThan(12)
  })
})
