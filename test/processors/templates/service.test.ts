/** A service at its bounds: what is restored is what was there. */
import { expect, test } from 'vitest'
import { openService, type Service, type ServiceStores } from '../../../processors/templates/service.ts'
import { MAX_CHILDREN, MAX_NODES } from '../../../processors/templates/trie.ts'
import { memoryStore } from '../kit/store.ts'

const restored = (stores: ServiceStores): Service =>
  openService('shop', stores, stores.nodes.keys(), stores.groups.keys())

const learn = (service: Service, path: string): boolean => {
  const reading = service.read(path)
  const visit = { method: 'GET', ending: 'GET', body: undefined, success: true }
  return reading !== undefined && service.learn(reading, visit)
}

const word = (n: number): string =>
  n.toString(26).replaceAll(/./g, (c) => String.fromCharCode(97 + Number.parseInt(c, 26)))

test('a path that found no room for its end leaves the same behind in memory and in the stores', () => {
  const stores: ServiceStores = {
    nodes: memoryStore(),
    groups: memoryStore(),
    services: memoryStore(),
    hints: memoryStore(),
  }
  const live = restored(stores)
  const most = MAX_CHILDREN - 1
  for (let n = 0; stores.nodes.size < MAX_NODES - 1; n++)
    learn(live, `/a${word(Math.floor(n / most))}/${word(n % most)}`)
  expect(learn(live, '/first/second')).toBe(false)
  const other = restored(stores)
  expect(learn(other, '/third')).toBe(learn(live, '/third'))
})
