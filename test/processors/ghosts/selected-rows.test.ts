/** Writes to the rows that a condition in the query selects, and writes that are answered by lists of rows. */
import { describe, expect, it } from 'vitest'
import type { GhostRequest } from '../../../schemas/semantics/ghost-port.ts'
import { answerOf, given, jsonOf, START, textOf } from './given.ts'
import type { Told } from './offline.ts'

type Exchange = Omit<Told, 'at'>
interface Cow {
  readonly id: number
  readonly name: string
  readonly kind: string
  readonly sold: boolean
}
const cow = (id: number, more: Partial<Cow> = {}): Cow => ({
  id,
  name: `Row ${id}`,
  kind: id % 2 === 0 ? 'goat' : 'cow',
  sold: false,
  ...more,
})
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
const SHOWN = [{ name: 'prefer', value: 'return=representation' }]

const read = (query: string, answer: unknown, principal = ''): Exchange => ({
  target: `/rows${query}`,
  principal,
  responseBody: JSON.stringify(answer),
})
const write = (line: string, sent: unknown, answer: unknown, status: number): Exchange => ({
  method: line.slice(0, line.indexOf(' ')),
  target: line.slice(line.indexOf(' ') + 1),
  status,
  requestBody: sent === undefined ? '' : JSON.stringify(sent),
  requestType: 'application/json',
  requestHeaders: answer === undefined ? [] : SHOWN,
  responseBody: answer === undefined ? '' : JSON.stringify(answer),
})

/** Rows 1 to 10 are read; 11 to 16 are made, changed and removed, with and without their rows in the answers. */
const lived: Exchange[] = [
  read(
    '',
    numbers(10).map((i) => cow(i)),
  ),
  ...numbers(6).map((i) => read(`?id=eq.${i}`, [cow(i)])),
  read(
    '?kind=eq.goat',
    [2, 4, 6, 8, 10].map((i) => cow(i)),
  ),
  read(
    '?kind=eq.cow',
    [1, 3, 5, 7, 9].map((i) => cow(i)),
  ),
  ...[11, 12, 13, 14, 15, 16].flatMap((id) => {
    const { name, kind } = cow(id)
    const isShown = id % 3 !== 0
    return [
      write('POST /rows', { name, kind }, isShown ? [cow(id)] : undefined, 201),
      write(
        `PATCH /rows?id=eq.${id}`,
        { name: `New ${id}` },
        isShown ? [cow(id, { name: `New ${id}` })] : undefined,
        isShown ? 200 : 204,
      ),
      read(`?id=eq.${id}`, [cow(id, { name: `New ${id}` })]),
    ]
  }),
  ...[11, 12].map((id) => write(`DELETE /rows?id=eq.${id}`, undefined, undefined, 204)),
]

const outage = (exchanges: readonly Exchange[] = lived) => {
  const world = given(exchanges)
  let at = START + 3_600_000_000
  const send = (method: string, target: string, sent?: unknown, more: Partial<GhostRequest> = {}) => {
    at += 1_000_000
    const body = sent === undefined ? undefined : Buffer.from(JSON.stringify(sent))
    const request = { method, target, body, writes: true, at, ...more }
    const verdict = answerOf(world.ask(request))
    world.accept(request, { id: `w${at}`, status: verdict.status, body: verdict.body })
    return { status: verdict.status, text: textOf(verdict) }
  }
  const shown = (method: string, target: string, sent?: unknown): unknown =>
    JSON.parse(send(method, target, sent, { headers: SHOWN }).text)
  const show = (query: string, principal = ''): unknown =>
    jsonOf(world.ask({ target: `/rows${query}`, principal, at: at + 1_000_000 }))
  return { send, shown, show }
}

describe('a write to the rows that a condition selects', () => {
  it('changes the row that it names, and is answered by a list of it where the request prefers that', () => {
    const { shown, show } = outage()
    expect(shown('PATCH', '/rows?id=eq.5', { name: 'Fern' })).toEqual([cow(5, { name: 'Fern' })])
    expect(show('?id=eq.5')).toEqual([cow(5, { name: 'Fern' })])
    expect(show('?id=eq.6')).toEqual([cow(6)])
  })

  it('is answered by nothing where the request does not, and changes the row all the same', () => {
    const { send, show } = outage()
    expect(send('PATCH', '/rows?id=eq.5', { name: 'Fern' })).toEqual({ status: 204, text: '' })
    expect(show('?id=eq.5')).toEqual([cow(5, { name: 'Fern' })])
  })

  it('changes every row that is as it says, and no other', () => {
    const { shown, show } = outage()
    const goats = [2, 4, 6, 8, 10, 14, 16]
    const rows = shown('PATCH', '/rows?kind=eq.goat', { sold: true }) as Cow[]
    expect(rows.map(({ id }) => id)).toEqual(goats)
    expect(rows.every(({ sold }) => sold)).toBe(true)
    expect((show('?kind=eq.goat') as Cow[]).every(({ sold }) => sold)).toBe(true)
    expect((show('?kind=eq.cow') as Cow[]).some(({ sold }) => sold)).toBe(false)
  })

  it('removes those that it lists', () => {
    const { send, show } = outage()
    expect(send('DELETE', '/rows?id=in.(1,2)').status).toBe(204)
    expect(show('?id=eq.1')).toEqual([])
    expect((show('?kind=eq.goat') as Cow[]).map(({ id }) => id)).toEqual([4, 6, 8, 10, 14, 16])
  })

  it('changes nothing where no row is so, and says that', () => {
    const { shown, show } = outage()
    expect(shown('PATCH', '/rows?id=eq.900', { name: 'Fern' })).toEqual([])
    expect(shown('PATCH', '/rows?id=eq.5&kind=eq.goat', { name: 'Fern' })).toEqual([])
    expect(show('?id=eq.5')).toEqual([cow(5)])
  })

  it('changes nothing where it is not known what selects', () => {
    const { send, show } = outage()
    send('PATCH', '/rows?colour=red', { sold: true })
    send('DELETE', '/rows?limit=2')
    expect(show('?id=eq.1')).toEqual([cow(1)])
    expect((show('?kind=eq.goat') as Cow[]).some(({ sold }) => sold)).toBe(false)
  })

  it('is learned from the backend: what was changed is as it is now, what was removed is gone', () => {
    const { show } = outage()
    const cows = show('?kind=eq.cow')
    expect(cows).toContainEqual(cow(13, { name: 'New 13' }))
    expect((cows as Cow[]).map(({ id }) => id)).not.toContain(11)
    expect(show('?id=eq.12')).toEqual([])
  })

  it('selects nothing of what only somebody else saw, and takes nothing from them', () => {
    const theirs = [41, 42, 43].map((id) => cow(id, { kind: 'goat', name: `Ann only ${id}` }))
    const bobs = [63, 65].flatMap((id) => [
      write(`PATCH /rows?id=eq.${id}`, { sold: false }, [cow(id)], 200),
      write(`DELETE /rows?id=eq.${id}`, undefined, undefined, 204),
    ])
    const { send, show } = outage([
      ...lived,
      read('?kind=eq.goat', theirs, 'cp_ann'),
      ...[...bobs, write('DELETE /rows?id=eq.41', undefined, undefined, 204)].map((one) => ({
        ...one,
        principal: 'cp_bob',
      })),
    ])
    const bob = { principal: 'cp_bob', headers: SHOWN }
    expect(send('PATCH', '/rows?kind=eq.goat', { sold: true }, bob).text).not.toContain('Ann only')
    send('DELETE', '/rows?id=eq.42', undefined, bob)
    expect(show('?kind=eq.goat', 'cp_ann')).toEqual(expect.arrayContaining(theirs))
  })
})

describe('a POST that is answered by rows', () => {
  it('makes one of each thing that it sends', () => {
    const { shown, show } = outage()
    expect(shown('POST', '/rows', { name: 'Ivy', kind: 'cow' })).toEqual([cow(17, { name: 'Ivy', kind: 'cow' })])
    const two = ['Juno', 'Kiki'].map((name) => ({ name, kind: 'goat' }))
    expect(shown('POST', '/rows', two)).toEqual(two.map((sent, i) => cow(18 + i, sent)))
    expect(show('?id=eq.19')).toEqual([cow(19, { name: 'Kiki', kind: 'goat' })])
    expect((show('?kind=eq.goat') as Cow[]).map(({ id }) => id)).toEqual([2, 4, 6, 8, 10, 14, 16, 18, 19])
  })

  it('shows nothing where the request does not prefer to see it', () => {
    const { send } = outage()
    expect(send('POST', '/rows', { name: 'Ivy', kind: 'cow' })).toEqual({ status: 201, text: '' })
  })
})
