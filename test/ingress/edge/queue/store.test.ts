/** Promises of the sealed file: what was acknowledged is there after a crash, what is torn or foreign hurts nothing else. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../../../../ingress/edge/queue/journal.ts'
import { openStore, QueueFull, type Store } from '../../../../ingress/edge/queue/store.ts'
import { openVault } from '../../../../ingress/edge/queue/vault.ts'
import type { KeptWrite } from '../../../../ingress/phases/kept.ts'
import { bornFate } from '../../../../schemas/semantics/ghosts/fate.ts'

const vault = openVault(Buffer.from('a secret for tests only'))

let dir: string
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'cp-store-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const aWrite = (id: string, body = 'x'.repeat(100)): KeptWrite => ({
  id,
  service: 'shop',
  at: 1,
  until: 1e15,
  asker: '',
  method: 'POST',
  target: '/notes',
  lines: ['host', 'shop.test', 'authorization', 'Bearer secret'],
  peer: '127.0.0.1',
  secure: false,
  body: Buffer.from(body).toString('base64'),
  key: `"${id}"`,
  isOwnKey: false,
  digest: '',
  base: '',
  behind: '',
})

const open = async (maxBytes = 1e6): Promise<Store & { readonly aside: unknown }> => {
  const { journal, records, aside } = await openJournal(dir, vault)
  return Object.assign(openStore(journal, records, maxBytes), { aside })
}
const add = (store: Store, id: string): Promise<unknown> => store.add(aWrite(id), bornFate(true, 1))
const ids = (store: Store): string[] => [...store.all()].map(({ write }) => write.id)
const file = (): string => join(dir, 'journal')

describe('the store of kept writes', () => {
  it('has every acknowledged write again, in order, with its fate, without a proper end', async () => {
    const store = await open()
    await Promise.all(['a', 'b', 'c'].map((id) => add(store, id)))
    await store.move('b', { kind: 'start' }, 2)
    const again = await open()
    expect(ids(again)).toEqual(['a', 'b', 'c'])
    expect([again.get('b')?.fate.state, again.get('a')?.write]).toEqual(['replaying', aWrite('a')])
    await Promise.all([store.close(), again.close()])
  })

  it('loses no more than the write that was torn off', async () => {
    const store = await open()
    await add(store, 'a')
    const whole = readFileSync(file())
    await add(store, 'b')
    await store.close()
    const both = readFileSync(file())
    for (const length of [whole.length + 1, whole.length + 4, whole.length + 40, both.length - 1]) {
      writeFileSync(file(), both.subarray(0, length))
      const again = await open()
      expect(ids(again)).toEqual(['a'])
      expect(statSync(file()).size).toBe(whole.length)
      await again.close()
    }
  })

  it('puts aside what does not open, and says so', async () => {
    const store = await open()
    await add(store, 'a')
    await store.close()
    appendFileSync(file(), Buffer.concat([Buffer.from([0, 0, 0, 40]), Buffer.alloc(40, 7)]))
    const again = await open()
    expect([ids(again), again.aside]).toMatchObject([['a'], { bytes: 44 }])
    expect(readdirSync(dir).filter((name) => name.startsWith('unreadable-'))).toHaveLength(1)
    await again.close()
  })

  it('refuses what is too much, and takes it when there is room', async () => {
    const store = await open(1500)
    const results = await Promise.allSettled(['a', 'b', 'c'].map((id) => add(store, id)))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    await expect(add(store, 'd')).rejects.toBeInstanceOf(QueueFull)
    await store.move('a', { kind: 'drop', said: 1 }, 2)
    await store.move('b', { kind: 'drop', said: 1 }, 2)
    store.forget(3)
    await add(store, 'e')
    expect(ids(store)).toEqual(['e'])
    await store.close()
  })

  it('leaves room for what must be replayed', async () => {
    const store = await open(1500)
    const perhaps = (id: string): Promise<unknown> => store.add(aWrite(id), bornFate(false, 1))
    await perhaps('a')
    await expect(perhaps('b')).rejects.toBeInstanceOf(QueueFull)
    await add(store, 'c')
    await store.close()
  })

  it('does not grow with what is over', async () => {
    const store = await open()
    for (let i = 0; i < 150; i++) {
      await store.add(aWrite(`w${i}`, 'x'.repeat(2000)), bornFate(true, 1))
      await store.move(`w${i}`, { kind: 'start' }, 2)
      await store.move(`w${i}`, { kind: 'done', status: 200 }, 3)
    }
    store.forget(4)
    await add(store, 'last')
    await store.close()
    expect(statSync(file()).size).toBeLessThan(150_000)
    const again = await open()
    expect(ids(again)).toContain('last')
    await again.close()
  })

  it('takes over what another process left, once', async () => {
    const other = await openJournal(join(dir, 'other'), vault)
    await other.journal.append({ id: 'x', write: aWrite('x'), fate: bornFate(true, 1) })
    await other.journal.close()
    const store = await open()
    const { records, journal } = await openJournal(join(dir, 'other'), vault)
    expect((await store.adopt(records)).map(({ write }) => write.id)).toEqual(['x'])
    expect(await store.adopt(records)).toEqual([])
    await Promise.all([store.close(), journal.close()])
    const again = await open()
    expect(ids(again)).toEqual(['x'])
    await again.close()
  })
})
