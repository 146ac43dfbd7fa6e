/** What servers work out from a write, answer in short, and show of other objects that it names. */
import { describe, expect, it } from 'vitest'
import type { GhostRequest } from '../../../schemas/semantics/ghost-port.ts'
import { computations, computed } from '../../../schemas/semantics/ghosts/computed.ts'
import { answerOf, given, jsonOf, START } from './given.ts'
import type { Told } from './offline.ts'

type Exchange = Omit<Told, 'at'>

const write = (line: string, sent: unknown, answer: unknown, status = 200): Exchange => ({
  method: line.slice(0, line.indexOf(' ')),
  target: line.slice(line.indexOf(' ') + 1),
  status,
  requestBody: JSON.stringify(sent),
  requestType: 'application/json',
  responseBody: JSON.stringify(answer),
})
const read = (target: string, answer: unknown, principal = ''): Exchange => ({
  target,
  principal,
  responseBody: JSON.stringify(answer),
})
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

/** A book that also keeps what its ghosts accepted. */
const outage = (lived: readonly Exchange[]) => {
  const world = given(lived)
  let at = START + 3_600_000_000
  const send = (method: string, target: string, sent: unknown, principal = ''): unknown => {
    at += 1_000_000
    const body = Buffer.from(JSON.stringify(sent))
    const request: Partial<GhostRequest> & { target: string } = { method, target, body, principal, writes: true, at }
    const verdict = answerOf(world.ask(request))
    world.accept(request, { id: `w${at}`, status: verdict.status, body: verdict.body })
    return jsonOf(verdict)
  }
  const show = (target: string, principal = ''): unknown => jsonOf(world.ask({ target, principal, at: at + 1_000_000 }))
  return { send, show }
}

describe('what a server works out from a request', () => {
  it('is a length, a sum, or a product, and nothing where a number is missing', () => {
    const lines = [
      { sku: 'a', quantity: 2, price: 1.1 },
      { sku: 'b', quantity: 1, price: 2.2 },
    ]
    expect(computations(lines)).toEqual(['length', 'sum:quantity', 'sum:price', 'sum:quantity*price'])
    expect(computed('length', lines)).toBe(2)
    expect(computed('length', 'naïve')).toBe(6)
    expect(computed('sum:quantity*price', lines)).toBe(4.4)
    expect(computed('sum:quantity*price', [...lines, { sku: 'c' }])).toBeUndefined()
    expect(computations({ seats: 2, price: 8.5 })).toEqual(['product:seats*price'])
    expect(computed('product:seats*price', { seats: 2, price: 8.5 })).toBe(17)
  })

  it('is told of what was never sent before', () => {
    const order = (i: number) => ({ lines: [{ sku: `s${i}`, quantity: i % 4, price: 3 * i }] })
    const { send } = outage([
      ...numbers(8).map((i) => read(`/orders/${i}`, { id: i, count: 1, total: 0 })),
      ...numbers(8).map((i) => {
        const total = (i % 4) * 3 * i
        return write('POST /orders', order(i), { id: 10 + i, count: 1, total }, 201)
      }),
    ])
    const lines = [
      { sku: 'x', quantity: 2, price: 70 },
      { sku: 'y', quantity: 1, price: 11 },
    ]
    expect(send('POST', '/orders', { lines })).toMatchObject({ total: 151 })
  })
})

describe('a write that is answered in short', () => {
  const whole = (name: string, text: string) => ({ name, content: text, type: 'text/plain', size: text.length })
  const short = (name: string, text: string) => ({ name, content: null, type: null, size: text.length })
  const lived = numbers(8).flatMap((i) => {
    const [name, text] = [`note-${i}`, 'x'.repeat(i + 2)]
    return [
      write(`PUT /files/${name}`, { content: text }, short(name, text), 201),
      read(`/files/${name}`, whole(name, text)),
      write(`PUT /files/${name}`, { content: `${text}!` }, short(name, `${text}!`)),
      read(`/files/${name}`, whole(name, `${text}!`)),
    ]
  })

  it('is read back in full', () => {
    const { send, show } = outage(lived)
    expect(send('PUT', '/files/note-3', { content: 'something else' })).toEqual(short('note-3', 'something else'))
    expect(show('/files/note-3')).toEqual(whole('note-3', 'something else'))
  })
})

describe('a field that a request names and few objects have', () => {
  it('is not shown by reads where the answer did not show it', () => {
    const film = (id: number) => ({ id, title: `Film ${id}`, year: 1900 + id })
    const { send, show } = outage([
      ...numbers(8).map((i) => read(`/films/${i}`, film(i))),
      read('/films/9', { ...film(9), director_id: 2 }),
      ...numbers(4).map((i) =>
        write('POST /films', { title: `Film ${10 + i}`, year: 1910 + i, director_id: i }, film(10 + i), 201),
      ),
    ])
    send('POST', '/films', { title: 'Film 15', year: 1915, director_id: 3 })
    expect(show('/films/15')).toEqual(film(15))
  })
})

describe('what a written object shows of one that it names', () => {
  const film = (id: number) => ({ id, title: `Film ${id}`, hall: id % 2 === 0 ? 'red' : 'blue' })
  const booking = (id: number, of: number) => ({ id, film_id: of, film: { id: of, title: `Film ${of}` } })
  const filmOf = (id: number): number => 1 + ((5 * id) % 12)
  const makes = (id: number): Exchange => write('POST /bookings', { film_id: filmOf(id) }, booking(id, filmOf(id)), 201)
  const known = [
    ...numbers(12).map((i) => read(`/films/${i}`, film(i))),
    ...numbers(8).flatMap((i) => [makes(i), read(`/bookings/${i}`, booking(i, filmOf(i)))]),
  ]

  it('comes from that object', () => {
    const { send, show } = outage(known)
    expect(send('POST', '/bookings', { film_id: 11 })).toEqual(booking(9, 11))
    expect(show('/bookings/9')).toEqual(booking(9, 11))
  })

  it.each(['', 'cp_bob'])('is never taken from what only somebody else was shown (%j asks)', (principal) => {
    const secret = { id: 77, title: 'Ann only', hall: 'red' }
    const bob = [21, 22, 23].flatMap((i) => [makes(i), read(`/films/${i - 20}`, film(i - 20))])
    const { send } = outage([
      ...known,
      ...bob.map((one) => ({ ...one, principal: 'cp_bob' })),
      read('/films/77', secret, 'cp_ann'),
    ])
    const made = send('POST', '/bookings', { film_id: 77 }, principal)
    expect(made).toMatchObject({ film_id: 77 })
    expect(JSON.stringify(made)).not.toContain('Ann only')
  })

  it('comes from others of its kind where there is no such collection', () => {
    const names = ['Lund', 'Okafor', 'Vane']
    const album = (id: number, by: number) => ({ id, artist: { id: by, name: names[by - 1] ?? '' } })
    const made = numbers(18).map((i) => album(i, 1 + (i % 3)))
    const { send } = outage([
      ...made.map((one) => read(`/albums/${one.id}`, one)),
      ...numbers(4).map((i) => write('POST /albums', { artist_id: 1 + (i % 3) }, album(18 + i, 1 + (i % 3)), 201)),
    ])
    expect(send('POST', '/albums', { artist_id: 3 })).toEqual(album(23, 3))
  })
})

describe('a count of what is below an object', () => {
  const film = (id: number, reviews: number, likes: number) => ({ id, title: `Film ${id}`, reviews, likes })
  const review = (i: number) => ({ id: 100 + i, text: `Review ${i}` })
  const lived = [
    ...numbers(5).map((i) => read(`/films/${i}`, film(i, i % 2, 7))),
    ...numbers(4).flatMap((i) => [
      write(`POST /films/${i}/reviews`, { text: `Review ${i}` }, review(i), 201),
      read(`/films/${i}`, film(i, (i % 2) + 1, 7)),
      read(`/films/${i}/reviews`, [review(i)]),
    ]),
  ]

  it('moves with what is made there', () => {
    const { send, show } = outage(lived)
    send('POST', '/films/5/reviews', { text: 'Review 9' })
    expect(show('/films/5')).toEqual(film(5, 2, 7))
    send('POST', '/films/5/reviews', { text: 'Review 10' })
    expect(show('/films/5')).toEqual(film(5, 3, 7))
  })

  it('stays where it did not move every time', () => {
    const { send, show } = outage([
      ...lived,
      write('POST /films/5/reviews', { text: 'Review 5' }, review(5), 201),
      read('/films/5', film(5, 1, 7)),
    ])
    send('POST', '/films/5/reviews', { text: 'Review 9' })
    expect(show('/films/5')).toEqual(film(5, 1, 7))
  })
})

describe('what a request says only sometimes', () => {
  const hen = (id: number, said: object) => ({
    id,
    name: `Hen ${id}`,
    weight: null,
    kind: 'layer',
    loud: false,
    ...said,
  })
  const said = (i: number) => (i % 3 === 0 ? { weight: 2 + i, kind: `kind ${i}`, loud: true } : {})
  const lived = [
    ...numbers(4).map((i) => read(`/hens/${i}`, hen(i, { weight: i, loud: true }))),
    ...numbers(18).map((i) => write('POST /hens', { name: `Hen ${i + 4}`, ...said(i) }, hen(i + 4, said(i)), 201)),
  ]

  it('is what it is without, where it says nothing', () => {
    const { send } = outage(lived)
    expect(send('POST', '/hens', { name: 'Hen 23' })).toEqual(hen(23, {}))
  })

  it('is what it says, where it does', () => {
    const { send } = outage(lived)
    expect(send('POST', '/hens', { name: 'Hen 23', weight: 9, loud: true })).toEqual(hen(23, { weight: 9, loud: true }))
  })

  it('does not make a rare default a common one', () => {
    const { send } = outage([
      ...numbers(4).map((i) => read(`/hens/${i}`, hen(i, {}))),
      ...numbers(18).map((i) =>
        write(
          'POST /hens',
          { name: `Hen ${i + 4}`, ...(i % 9 === 0 ? {} : { weight: i }) },
          hen(i + 4, i % 9 === 0 ? {} : { weight: i }),
          201,
        ),
      ),
    ])
    expect(send('POST', '/hens', { name: 'Hen 23' })).toEqual(hen(23, {}))
  })
})
