import { describe, expect, it } from 'vitest'
import { drift } from '../../../processors/drift/drift.ts'
import type { Alert, Drift, Event } from '../../../schemas/events.ts'
import { aBody, anEvent, NOON, SECOND } from '../kit/builders.ts'
import { given, givenTopology, literalLocator } from '../kit/given.ts'
import { aUser, traffic, without, type Scene } from './traffic.ts'

const BEFORE = 120
const AFTER = 80

const before = (count = BEFORE): Event[] => traffic(0, count, (scene) => ({ body: aUser(scene) }))
const after = (change: (scene: Scene) => unknown, count = AFTER): Event[] =>
  traffic(BEFORE, count, (scene) => ({ body: change(scene) }))

const told = (signals: readonly Drift[]): string[] => signals.map(({ kind, pointer }) => `${kind} ${pointer}`).sort()

const changedTo = (change: (scene: Scene) => unknown, count = AFTER): readonly Drift[] =>
  given(drift, ...before())
    .when(...after(change, count))
    .on('drift')

describe('a change of the answers', () => {
  it.each<[string, (scene: Scene) => unknown, string[]]>([
    ['nothing', (s) => aUser(s), []],
    ['a field added', (s) => ({ ...aUser(s), email: 'a@b.c' }), ['field_added /email']],
    ['a field removed', (s) => without(aUser(s), 'user_id'), ['field_removed /user_id']],
    ['an object added: told once, at its top', (s) => ({ ...aUser(s), team: { id: 1 } }), ['field_added /team']],
    ['another type', (s) => ({ ...aUser(s), id: String(s.i) }), ['type_changed /id']],
    ['nulls', (s) => ({ ...aUser(s), name: s.i % 3 === 0 ? null : 'n' }), ['became_nullable /name']],
    ['a field that is often missing', (s) => (s.i % 2 ? aUser(s) : without(aUser(s), 'id')), ['became_optional /id']],
    ['a new value', (s) => ({ ...aUser(s), role: s.i % 4 ? 'admin' : 'owner' }), ['enum_widened /role']],
    [
      'a change inside',
      (s) => ({ ...aUser(s), address: { city: `city ${s.i % 13}` } }),
      ['field_removed /address/zip'],
    ],
    ['whole numbers where there were fractions', (s) => ({ ...aUser(s), id: s.i / 2 }), []],
  ])('%s', (_, change, expected) => {
    expect(told(changedTo(change))).toEqual(expected)
  })

  it('says what was and what is, how sure it is, and which exchange showed it first', () => {
    const [signal] = changedTo((s) => ({ ...aUser(s), id: String(s.i) }))
    expect(signal).toMatchObject({
      endpoint: 'shop GET /users',
      before: 'number',
      after: 'string',
      severity: 'breaking',
      status: 'open',
      upstreams: ['http://backend:3000'],
      exchange: `e${BEFORE}`,
      offset: BEFORE,
      summary: '/id is string now (was number)',
    })
    expect(signal?.confidence).toBeGreaterThan(0.8)
  })

  it('a new status is told, one that comes with the client or the day is not', () => {
    const answer = (status: number) => traffic(BEFORE, AFTER, ({ i }) => ({ over: { status: i % 3 ? 200 : status } }))
    const of = (status: number): string[] =>
      given(drift, ...before())
        .when(...answer(status))
        .on('drift')
        .map(({ kind, after: now }) => `${kind} ${now}`)
    expect(of(409)).toEqual(['status_new 409'])
    for (const status of [304, 404, 408, 500, 503]) expect(of(status)).toEqual([])
  })
})

describe('a field that requests must have from now on', () => {
  const order = (from: number, count: number, answer: (s: Scene, sent: object) => number): Event[] =>
    traffic(from, count, (s) => {
      const sent = {
        item: s.i,
        ...(s.next() < 0.5 ? { note: 'x' } : {}),
        ...(s.next() < 0.4 ? { email: 'a@b.c' } : {}),
      }
      const status = answer(s, sent)
      const over = { method: 'POST', target: '/orders', requestBody: aBody(JSON.stringify(sent)), status }
      return { over, body: status === 201 ? { id: s.i } : { error: 'bad' } }
    })
  const required = (answer: (s: Scene, sent: object) => number): string[] =>
    given(drift, ...order(0, BEFORE, () => 201))
      .when(...order(BEFORE, AFTER, answer))
      .on('drift')
      .filter(({ kind }) => kind === 'request_field_required')
      .map(({ pointer, severity }) => `${pointer} ${severity}`)

  it('is told when requests without it are refused and those with it are taken', () => {
    expect(required((_, sent) => ('email' in sent ? 201 : 422))).toEqual(['/email breaking'])
  })
  it('is not told of when refusals have nothing to do with it', () => {
    expect(required(() => 400)).toEqual([])
    expect(required((s) => (s.next() < 0.4 ? 400 : 201))).toEqual([])
  })
})

describe('what is no change', () => {
  it('an optional field that ten answers lack', () => {
    expect(changedTo((s) => without(aUser(s), 'nick'), 10)).toEqual([])
  })

  it('one odd answer, however odd and however late', () => {
    const odd = after((s) => (s.i === BEFORE + 5 ? { error: true, items: [{ a: 1 }, { a: 2 }] } : aUser(s)))
    expect(
      given(drift, ...before(119))
        .when(...odd)
        .on('drift'),
    ).toEqual([])
  })

  it('keys of a map, ids or words', () => {
    const words = 'maple falcon otter basil amber coral iris willow aspen garnet prism onyx'.split(' ')
    const byId = (s: Scene) => ({ body: { prices: { [`sku-${s.i}-${s.i * 7}`]: 1 } } })
    const byWord = (s: Scene) => ({ body: { tags: { [`${words[s.i % 12]}-${words[(s.i * 5) % 11]}`]: 1, all: 2 } } })
    for (const answer of [byId, byWord])
      expect(
        given(drift, ...traffic(0, 30, answer))
          .when(...traffic(30, 150, answer))
          .on('drift'),
      ).toEqual([])
  })

  it('answers that teach nothing: a ghost’s, a faulted one, a replay', () => {
    for (const over of [{ answeredBy: 'ghost' as const }, { faults: ['delay'] }, { replayed: true }])
      expect(
        given(drift, ...before())
          .when(...traffic(BEFORE, AFTER, () => ({ body: {}, over })))
          .on('drift'),
      ).toEqual([])
  })

  it('names that mean something to JavaScript are names', () => {
    const odd = (s: Scene) => JSON.parse(`{"__proto__":{"a":1},"constructor":${s.i},"toString":null}`) as unknown
    expect(told(changedTo((s) => ({ ...aUser(s), ...(odd(s) as object), constructor: s.i })))).toEqual([
      'field_added /__proto__',
      'field_added /constructor',
      'field_added /toString',
    ])
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  it('an endpoint that was part of another until now, and takes its fields along', () => {
    const wide = { ...literalLocator(), name: 'wide' }
    const at = (split: boolean) => (s: Scene) => {
      const feed = s.i % 2 === 0
      const target = feed && split ? '/articles/feed' : '/articles/{id}'
      return { body: feed ? { articles: [], count: s.i } : { article: { id: s.i } }, over: { target } }
    }
    expect(
      givenTopology({ locator: wide, processors: [drift] }, traffic(0, BEFORE, at(false)))
        .when(...traffic(BEFORE, AFTER, at(true)))
        .on('drift'),
    ).toEqual([])
  })

  it('an endpoint that became part of another, unlike it', () => {
    const other = traffic(BEFORE, AFTER, ({ i }) => ({ body: { id: i, other: true }, over: { target: '/people' } }))
    const merge = { from: 'shop GET /people', into: 'shop GET /users' }
    const locator = literalLocator({ [`e${BEFORE + AFTER}`]: merge })
    const both = traffic(BEFORE + AFTER, AFTER, (s) => ({ body: s.i % 2 ? aUser(s) : { id: s.i, other: true } }))
    const topology = { locator, processors: [drift] }
    expect(
      givenTopology(topology, [...before(), ...other])
        .when(...both)
        .on('drift'),
    ).toEqual([])
  })
})

const moved = (i: number): Event => anEvent({ id: `t${i}`, at: NOON + i * SECOND })
const END = BEFORE + AFTER

const lastAlert = (alerts: readonly Alert[]): Alert => {
  const last = alerts.at(-1)
  if (last === undefined) throw new Error('no alert')
  return last
}

const renamed = (s: Scene): Record<string, unknown> => {
  const { user_id: userId, ...rest } = aUser(s)
  return { ...rest, userId }
}

describe('an alert', () => {
  it('a rename is one change, breaking, with both names', () => {
    const alert = lastAlert(
      given(drift, ...before())
        .when(...after(renamed), moved(END + 2))
        .on('alerts'),
    )
    expect(alert).toMatchObject({ severity: 'breaking', status: 'open', mixed: false, exchange: `e${BEFORE}` })
    expect(alert.summary).toBe('1 critical issue at shop GET /users')
    expect(alert.changes).toMatchObject([
      { kind: 'field_renamed', pointer: '/user_id', renamedTo: '/userId', before: 'string', after: 'string' },
    ])
    expect(alert.score).toBeGreaterThan(50)
    expect(alert.upstreams).toEqual([{ name: 'http://backend:3000', old: 0, fresh: expect.any(Number) as number }])
    expect(alert.upstreams[0]?.fresh).toBeLessThanOrEqual(AFTER)
  })

  it('a rename to another word is known by its values', () => {
    const changed = (s: Scene): unknown => {
      const { user_id: owner, ...rest } = aUser(s)
      return { ...rest, owner }
    }
    const { changes } = lastAlert(
      given(drift, ...before())
        .when(...after(changed), moved(END + 2))
        .on('alerts'),
    )
    expect(changes).toMatchObject([{ kind: 'field_renamed', renamedTo: '/owner' }])
  })

  it('what came with one deployment is one alert, over endpoints', () => {
    const both = (from: number, count: number, change: (s: Scene) => unknown): Event[] =>
      traffic(from, count, (s) => ({ body: change(s), over: { target: s.i % 2 ? '/users' : '/people' } }))
    const alerts = given(drift, ...both(0, 2 * BEFORE, aUser))
      .when(...both(2 * BEFORE, 2 * AFTER, (s) => ({ ...without(aUser(s), 'name'), email: 'x' })), moved(2 * END + 2))
      .on('alerts')
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(1)
    expect(lastAlert(alerts)).toMatchObject({ summary: '2 critical issues, 2 additions at 2 endpoints' })
  })

  it('of a canary says that two versions answer, and which upstream gives which', () => {
    const mixed = traffic(BEFORE, 2 * AFTER, (s) => ({
      body: s.i % 2 ? { ...aUser(s), email: 'x' } : aUser(s),
      over: { upstream: s.i % 2 ? 'http://new' : 'http://old' },
    }))
    const alert = lastAlert(
      given(drift, ...before())
        .when(...mixed, moved(END + AFTER + 2))
        .on('alerts'),
    )
    expect(alert.mixed).toBe(true)
    expect(alert.summary).toContain('two versions answer')
    expect(alert.upstreams).toMatchObject([
      { name: 'http://new', old: 0 },
      { name: 'http://old', fresh: 0 },
    ])
  })
})

describe('the life of an alert', () => {
  const changed = after((s) => without(aUser(s), 'user_id'))
  const states = (then: readonly Event[]): string[] =>
    given(drift, ...before(), ...changed)
      .when(...then)
      .on('drift')
      .map(({ status }) => status)
  const command = (kind: string, subject: string): Event =>
    anEvent({ id: 'c', at: NOON + END * SECOND, command: { kind, subject, by: 'ann', value: '' } })
  const old = traffic(END, 40, (s) => ({ body: aUser(s) }))
  const again = traffic(END + 40, 20, (s) => ({ body: without(aUser(s), 'user_id') }))

  it('is resolved when the old answers are back for long enough, reopened when the new ones come again', () => {
    expect(states(old)).toEqual(['resolved'])
    expect(states([...old, ...again])).toEqual(['resolved', 'reopened'])
  })

  it('is resolved by a person, and reopened by the next answer that shows it', () => {
    expect(states([command('drift.resolve', 'shop GET /users'), ...again])).toEqual(['resolved', 'reopened'])
  })

  it('is accepted as the new baseline, and then it is quiet', () => {
    expect(states([command('drift.accept', 'shop GET /users'), ...again, ...old])).toEqual(['accepted'])
  })

  it('a command that means nobody, or is none of ours, does nothing', () => {
    expect(states([command('drift.accept', 'nobody'), command('templates.pin', 'shop GET /users')])).toEqual([])
  })
})
