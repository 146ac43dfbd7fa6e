/**
 * No leaf crosses over in GraphQL either. One endpoint, one store of objects that answers are put together from: made-up
 * people whose every text carries its owner's mark are learned in part, then everybody selects everything of everybody,
 * by id, in lists and through links, with queries and with mutations.
 */
import { expect, it } from 'vitest'
import { chanceOf, picker } from '../../evals/worlds/world.ts'
import { given, textOf } from './given.ts'
import { ASKERS, foreignIn, idFor, mark, PEOPLE, principalOf, type Chance } from './marks.ts'
import type { Told } from './offline.ts'

interface Document {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  /** What the server says to this person. */
  readonly data: (person: string, chance: Chance) => unknown
}

const FIELDS = ['note', 'kind', 'tags', 'price']
const drawn = (chance: Chance): readonly string[] => ['id', ...FIELDS.filter(() => chance() < 0.6)]

const order = (person: string, id: number, chance: Chance): Record<string, unknown> => ({
  __typename: 'Order',
  id: String(id),
  note: `${mark(person)} order ${Math.floor(chance() * 3)}`,
  kind: 'standard',
  tags: chance() < 0.5 ? [] : [mark(person)],
  price: 100 + (id % 7),
})
const user = (person: string): Record<string, unknown> => ({
  __typename: 'User',
  id: person,
  name: `${mark(person)} name`,
  role: 'member',
})
/** Of an object what a selection names. */
const picked = (of: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(fields.map((name) => [name, of[name]]))

const OWNER = 'owner { id name role }'
const withOwner = (person: string, id: number, fields: readonly string[], chance: Chance) => ({
  ...picked(order(person, id, chance), fields),
  owner: picked(user(person), ['id', 'name', 'role']),
})

/** What may be asked about the things of a person. */
const documents = (of: string, chance: Chance): readonly Document[] => {
  const fields = drawn(chance)
  const names = fields.join(' ')
  const id = idFor(of, 1 + Math.floor(chance() * 3))
  return [
    {
      query: `query ($id: ID!) { order(id: $id) { ${names} ${OWNER} } }`,
      variables: { id: String(id) },
      data: (who, c) => ({ order: withOwner(who, id, fields, c) }),
    },
    {
      query: `{ found: order(id: "${id}") { __typename ${names} } }`,
      variables: {},
      data: (who, c) => ({ found: picked(order(who, id, c), ['__typename', ...fields]) }),
    },
    {
      query: `query L($first: Int) { orders(first: $first) { ${names} ${OWNER} } }`,
      variables: { first: 3 },
      data: (who, c) => ({ orders: [1, 2, 3].map((k) => withOwner(who, idFor(who, k), fields, c)) }),
    },
    {
      query: '{ me { id name role orders { id note } } }',
      variables: {},
      data: (who, c) => {
        const orders = [1, 2].map((k) => picked(order(who, idFor(who, k), c), ['id', 'note']))
        return { me: { ...picked(user(who), ['id', 'name', 'role']), orders } }
      },
    },
    {
      query: 'query ($u: ID!) { user(id: $u) { id name } }',
      variables: { u: of },
      data: (who) => ({ user: picked(user(who), ['id', 'name']) }),
    },
    {
      query: 'mutation ($id: ID!, $note: String!) { rename(id: $id, note: $note) { id note kind owner { id name } } }',
      variables: { id: String(id), note: `hello ${of}` },
      data: (who, c) => ({ rename: withOwner(who, id, ['id', 'note', 'kind'], c) }),
    },
  ]
}

const bodyOf = ({ query, variables }: Document): string => JSON.stringify({ query, variables })
const POST = { method: 'POST', target: '/graphql' } as const

const lived = (seed: number): Omit<Told, 'at'>[] => {
  const chance = chanceOf(seed)
  const pick = picker(chance)
  return Array.from({ length: 70 }, () => {
    const person = pick(PEOPLE)
    const document = pick(documents(person, chance))
    const request = { ...POST, requestBody: bodyOf(document), requestType: 'application/json' }
    if (chance() < 0.05) return { ...request, status: 401, responseBody: '{"errors":[{"message":"who are you"}]}' }
    const principal = principalOf(person, Math.floor(chance() * 2))
    return { ...request, principal, responseBody: JSON.stringify({ data: document.data(person, chance) }) }
  })
}

/** Everybody asks for everything of everybody, in some of the ways in which it can be selected. */
const shownBy = (seed: number, as = (person: string): string => person) => {
  const { ask } = given(lived(seed))
  const chance = chanceOf(seed + 1)
  const shown = ASKERS.flatMap(([person, principal]) =>
    PEOPLE.flatMap((of) => [...documents(of, chance), ...documents(of, chance), ...documents(of, chance)]).map(
      (document) => {
        const text = textOf(ask({ ...POST, principal, body: Buffer.from(bodyOf(document)), writes: true }))
        return { foreign: foreignIn(text, as(person)), own: person !== '' && text.includes(mark(person)) }
      },
    ),
  )
  return { answers: shown.length, own: shown.filter(({ own }) => own).length, foreign: shown.flatMap((s) => s.foreign) }
}

/** With 24, 10,000 answers. */
const WORLDS = Number(process.env['CHAOS_PROXY_TEST_SEEDS'] ?? 6)

it('no answer to a query holds a mark of anybody else, and many hold one’s own', () => {
  const all = Array.from({ length: WORLDS }, (_, i) => shownBy(1000 + i))
  expect(all.flatMap((world) => world.foreign)).toEqual([])
  const sum = (of: 'answers' | 'own'): number => all.reduce((total, world) => total + world[of], 0)
  expect(sum('answers')).toBeGreaterThanOrEqual(400 * WORLDS)
  expect(sum('own')).toBeGreaterThan(15 * WORLDS)
})

it('one would be found if there were any', () => {
  const { foreign } = shownBy(1, (person) => (person === 'ann' ? 'bob' : person))
  expect(foreign).toContain(mark('ann'))
})
