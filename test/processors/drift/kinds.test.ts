import { describe, expect, it } from 'vitest'
import { drift } from '../../../processors/drift/drift.ts'
import type { Drift, Event } from '../../../schemas/events.ts'
import { given } from '../kit/given.ts'
import { aUser, traffic, type Scene } from './traffic.ts'

const BEFORE = 150
const told = (signals: readonly Drift[]): string[] =>
  signals.map(({ endpoint, kind, pointer, before, after }) => `${endpoint} ${kind} ${pointer} ${before} → ${after}`)

const uuid = (i: number): string => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
const body = (i: number, id: string): object => ({
  id,
  at: new Date(i * 1e6).toISOString(),
  name: i % 9 ? `n${i}` : uuid(i),
})

describe('format_changed', () => {
  const of = (change: (s: Scene) => object): string[] =>
    told(
      given(drift, ...traffic(0, BEFORE, ({ i }) => ({ body: body(i, uuid(i)) })))
        .when(...traffic(BEFORE, 80, (s) => ({ body: change(s) })))
        .on('drift'),
    )

  it('is told when strings of one format get another, or none', () => {
    expect(of(({ i }) => body(i, `u${i}`))).toEqual(['shop GET /users format_changed /id uuid → text'])
    expect(of(({ i }) => body(i, String(i)))).toEqual(['shop GET /users format_changed /id uuid → integer'])
    expect(of(({ i }) => ({ ...body(i, uuid(i)), at: '2024-05-01' }))).toEqual([
      'shop GET /users format_changed /at date-time → date',
    ])
  })

  it('is not told of a slip, nor where formats always were mixed', () => {
    expect(of(({ i }) => body(i, i === BEFORE + 9 ? 'odd' : uuid(i)))).toEqual([])
    expect(of(({ i }) => ({ ...body(i, uuid(i)), name: 'plain' }))).toEqual([])
  })

  it('goes on as one signal, is over when the old format is back', () => {
    const change = traffic(BEFORE, 80, ({ i }) => ({ body: body(i, `u${i}`) }))
    const back = traffic(BEFORE + 80, 80, ({ i }) => ({ body: body(i, uuid(i)) }))
    const signals = given(drift, ...traffic(0, BEFORE, ({ i }) => ({ body: body(i, uuid(i)) }))).when(
      ...change,
      ...back,
    )
    expect(signals.on('drift').map(({ status }) => status)).toEqual(['open', 'resolved'])
  })
})

describe('endpoint_new', () => {
  const old = (count: number): Event[] => traffic(0, count, (s) => ({ body: aUser(s) }))
  const mixed = (from: number, count: number, every: number, target: string): Event[] =>
    traffic(from, count, (s) => ({ body: aUser(s), over: s.i % every === 0 ? { target } : {} }))

  it('is told when an endpoint is asked for as it never was', () => {
    const signals = given(drift, ...old(800))
      .when(...mixed(800, 400, 15, '/teams'))
      .on('drift')
    expect(told(signals)).toEqual(['shop GET /teams endpoint_new  absent → answered'])
    expect(signals[0]?.severity).toBe('info')
  })

  it('is not told of a rare endpoint, of one errand, nor of a service that is young', () => {
    expect(
      given(drift, ...old(800))
        .when(...mixed(800, 800, 400, '/teams'))
        .on('drift'),
    ).toEqual([])
    const errand = traffic(800, 30, (s) => ({ body: aUser(s), over: { target: '/teams' } }))
    expect(
      given(drift, ...old(800))
        .when(...errand, ...mixed(830, 300, 5000, '/x'))
        .on('drift'),
    ).toEqual([])
    expect(
      given(drift, ...old(100))
        .when(...mixed(100, 300, 15, '/teams'))
        .on('drift'),
    ).toEqual([])
  })
})

describe('endpoint_gone', () => {
  const denials = (from: number, count: number, status: number, target: (i: number) => string): Event[] =>
    traffic(from, count, ({ i }) => ({ over: { status, target: target(i) } }))
  const users = traffic(0, BEFORE, (s) => ({ body: aUser(s) }))

  it.each([404, 405, 410, 501])('is told when what was answered is denied with %i', (status) => {
    const signals = given(drift, ...users)
      .when(...denials(BEFORE, 40, status, () => '/users'))
      .on('drift')
      .filter(({ kind }) => kind !== 'status_new')
    expect(told(signals)).toEqual([`shop GET /users endpoint_gone  answered → ${status}`])
    expect(signals[0]?.severity).toBe('breaking')
  })

  it('is over when it is answered again', () => {
    const back = traffic(BEFORE + 40, 60, (s) => ({ body: aUser(s) }))
    const signals = given(drift, ...users).when(...denials(BEFORE, 40, 404, () => '/users'), ...back)
    expect(signals.on('drift').map(({ status }) => status)).toEqual(['open', 'resolved'])
  })

  it('is not told of an endpoint that denies often, nor when nobody asks any more', () => {
    const often = traffic(0, 300, (s) => ({ body: aUser(s), over: s.next() < 0.6 ? { status: 404 } : {} }))
    expect(
      given(drift, ...often)
        .when(...denials(300, 15, 404, () => '/users'))
        .on('drift'),
    ).toEqual([])
    const elsewhere = traffic(BEFORE, 900, () => ({ body: [], over: { target: '/other' } }))
    expect(
      given(drift, ...users)
        .when(...elsewhere)
        .on('drift')
        .filter(({ kind }) => kind === 'endpoint_gone'),
    ).toEqual([])
  })
})

describe('request_field_required of a query', () => {
  const asked = (from: number, count: number, status: (s: Scene, page: boolean) => number): Event[] =>
    traffic(from, count, (s) => {
      const page = s.next() < 0.6
      return { body: [], over: { target: page ? '/users?page=1' : '/users', status: status(s, page) } }
    })
  const of = (status: (s: Scene, page: boolean) => number): string[] =>
    given(drift, ...asked(0, BEFORE, () => 200))
      .when(...asked(BEFORE, 80, status))
      .on('drift')
      .filter(({ kind }) => kind === 'request_field_required')
      .map(({ pointer, summary }) => `${pointer}: ${summary}`)

  it('is told when requests without the parameter are refused', () => {
    expect(of((_, page) => (page ? 200 : 400))).toEqual(['?page: requests without ?page are refused now (were taken)'])
  })
  it('is not told when refusals have nothing to do with it', () => {
    expect(of(({ next }) => (next() < 0.4 ? 400 : 200))).toEqual([])
  })
})
