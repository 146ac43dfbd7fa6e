/**
 * No leaf crosses over. Made-up services with made-up principals, whose every text carries its owner's mark, are learned
 * in part; then everybody asks for everything, with reads and with writes. 10,000 answers in all.
 */
import { describe, expect, it } from 'vitest'
import { chanceOf, picker } from '../../evals/worlds/world.ts'
import { given, textOf } from './given.ts'
import { ASKERS, foreignIn, idFor, mark, PEOPLE, principalOf, type Chance } from './marks.ts'
import type { Told } from './offline.ts'

const NOUNS = ['orders', 'notes', 'files']
const shared = { currency: 'EUR', kind: 'standard' }

interface Target {
  readonly target: string
  readonly body: (person: string, chance: Chance) => unknown
}

const item = (noun: string, id: number, person: string, chance: Chance) => ({
  id,
  ...shared,
  note: `${mark(person)} ${noun} ${Math.floor(chance() * 3)}`,
  tags: chance() < 0.5 ? [] : [mark(person)],
  owner: { name: `${mark(person)} name`, level: Math.floor(chance() * 2) },
})

/** What one service offers: bare or wrapped objects, lists, one thing of one's own, text by name. */
const targetsOf = (noun: string, isWrapped: boolean) => {
  const wrap = (value: unknown): unknown => (isWrapped ? { data: value } : value)
  const one =
    (k: number) =>
    (person: string): Target => ({
      target: `/${noun}/${idFor(person, k)}`,
      body: (who, chance) => wrap(item(noun, idFor(who, k), who, chance)),
    })
  const many = (query: string) => (): Target => ({
    target: `/${noun}${query}`,
    body: (who, chance) => wrap([1, 2, 3].map((k) => item(noun, idFor(who, k), who, chance))),
  })
  const me = (): Target => ({
    target: `/me`,
    body: (who) => ({ ...shared, name: `${mark(who)} me`, [`key-${mark(who)}`]: mark(who), admin: false }),
  })
  return [one(1), one(2), one(3), many(''), many('?limit=2'), many('?kind=standard'), me]
}

const lived = (seed: number) => {
  const chance = chanceOf(seed)
  const pick = picker(chance)
  const noun = pick(NOUNS)
  const targets = targetsOf(noun, chance() < 0.5)
  const told: Omit<Told, 'at'>[] = []
  for (let i = 0; i < 70; i++) {
    const person = pick(PEOPLE)
    const principal = principalOf(person, Math.floor(chance() * 2))
    const { target, body } = pick(targets)(person)
    const isPost = chance() < 0.2
    const made = { ...(body(person, chance) as object) }
    if (isPost)
      told.push({
        method: 'POST',
        target: `/${noun}`,
        principal,
        status: 201,
        requestBody: JSON.stringify({ note: `${mark(person)} sent` }),
        requestType: 'application/json',
        responseBody: JSON.stringify(item(noun, idFor(person, 10 + i), person, chance)),
      })
    else
      told.push({
        target,
        principal,
        responseBody: JSON.stringify(Array.isArray(body(person, chance)) ? body(person, chance) : made),
      })
    if (chance() < 0.1) told.push({ target, status: 401, responseBody: JSON.stringify({ error: 'who are you' }) })
  }
  return { noun, told, targets }
}

const WORLDS = 24

/** Everybody asks for everything of everybody, with a read and two writes. */
const asks = (noun: string, targets: readonly ((person: string) => Target)[]) =>
  ASKERS.flatMap(([person, principal]) =>
    PEOPLE.flatMap((of) =>
      targets.flatMap((make) => {
        const { target } = make(of)
        const body = Buffer.from(JSON.stringify({ note: `hello ${of}` }))
        const writing = { principal, body, writes: true }
        return [
          { person, request: { target, principal } },
          { person, request: { method: 'POST', target: `/${noun}`, ...writing } },
          { person, request: { method: 'PATCH', target, ...writing } },
        ]
      }),
    ),
  )

/** What one service in an outage shows: marks of others, and how many answers held the asker's own. `as`: who is said to ask. */
const shownBy = (seed: number, as = (person: string): string => person) => {
  const { noun, told, targets } = lived(seed)
  const { ask } = given(told)
  const shown = asks(noun, targets).map(({ person: asker, request }) => {
    const person = as(asker)
    const text = textOf(ask(request))
    return { foreign: foreignIn(text, person), own: text.includes(mark(person)) }
  })
  return { answers: shown.length, own: shown.filter((s) => s.own).length, foreign: shown.flatMap((s) => s.foreign) }
}

describe('10,000 answers to people who may not see each other’s things', () => {
  it.each([1, 2, 3, 4])('hold no mark of anybody else (part %i)', (part) => {
    const all = Array.from({ length: WORLDS / 4 }, (_, i) => shownBy(part * 1000 + i))
    expect(all.flatMap((world) => world.foreign)).toEqual([])
    expect(all.reduce((sum, world) => sum + world.answers, 0)).toBeGreaterThanOrEqual(2500)
    expect(all.reduce((sum, world) => sum + world.own, 0)).toBeGreaterThan(100)
  })

  it('would be found if there were any', () => {
    const { foreign } = shownBy(1, (person) => (person === 'ann' ? 'bob' : person))
    expect(foreign).toContain(mark('ann'))
  })
})
