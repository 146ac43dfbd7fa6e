import { describe, expect, it } from 'vitest'
import type { Sample } from '../../../schemas/events.ts'
import { BELIEVED_AT, EVIDENCE_SIZE, EVIDENCE_VERSION, TOLD_AT } from '../../../schemas/semantics/model/evidence.ts'
import { openOffline, type Told } from './offline.ts'

const samplesOf = (stream: readonly Told[]): Sample[] => {
  const offline = openOffline()
  for (const told of stream) offline.feed(told)
  return offline.emitted.filter(({ topic }) => topic === 'samples').map(({ value }) => value as Sample)
}

const book = (i: number, id: number, over: Partial<Told> = {}): Told => ({
  at: 1_000_000 * (i + 1),
  target: `/books/${id}`,
  responseBody: JSON.stringify({ id, title: `T${id}`, price: 10 }),
  ...over,
})

describe('samples', () => {
  it('say of each scored answer what stood behind it and what came of it', () => {
    const [first, ...rest] = samplesOf([
      book(0, 1),
      book(1, 1),
      book(2, 1),
      book(3, 2, { status: 404, responseBody: '{}' }),
    ])
    expect(first).toMatchObject({
      service: 'shop',
      endpoint: 'shop GET /books/{p1}',
      version: EVIDENCE_VERSION,
      weight: 1,
    })
    expect(first).toMatchObject({ rule: 'exact', told: 200, truth: 200, fidelity: 1, at: 2_000_000 })
    expect(first?.evidence.length).toBe(EVIDENCE_SIZE)
    expect(first?.evidence[0]).toBe(255)
    expect(first?.evidence[TOLD_AT]).toBe(255)
    expect((first?.evidence[BELIEVED_AT] ?? 0) / 255).toBeCloseTo(first?.believed ?? -1, 2)
    expect(rest.map(({ truth }) => truth)).toEqual([200, 404])
  })

  it('are the same whoever asked for whatever: no value, no id, no credential is in them', () => {
    const stream = (id: number, title: string, principal: string): Told[] =>
      [0, 1, 2, 3, 4].map((i) => ({
        at: 1_000_000 * (i + 1),
        principal,
        target: `/books/${id}?lang=${title}`,
        requestHeaders: [{ name: 'authorization', value: principal }],
        responseBody: JSON.stringify({ id, title }),
      }))
    const of = (samples: readonly Sample[]) => samples.map((s) => [...s.evidence, s.fidelity, s.believed])
    const [ann, bob] = [samplesOf(stream(11, 'en', 'cp_ann')), samplesOf(stream(12, 'fr', 'cp_bob'))]
    expect(ann.length).toBeGreaterThan(2)
    expect(of(ann)).toEqual(of(bob))
  })

  it('of what is old and was to be expected are drawn, and stand for what was not; surprises are all there', () => {
    const calm = Array.from({ length: 3000 }, (_, i) => book(i, 1))
    const samples = samplesOf([
      ...calm,
      ...Array.from({ length: 600 }, (_, i) => book(3000 + i, 1, { responseBody: `${i}` })),
    ])
    const old = samples.filter(({ at }) => at > 60_000_000)
    const drawn = old.filter(({ weight }) => weight > 1)
    const scored = old.reduce((sum, { weight }) => sum + weight, 0)
    expect(new Set(drawn.map(({ fidelity }) => fidelity))).toEqual(new Set([1]))
    // One exchange in sixteen is scored; of those that were right and expected one in four is kept, and counts for four.
    expect(drawn.length).toBeGreaterThan(20)
    expect(scored).toBeGreaterThan(3540 / 16 / 2)
    expect(scored).toBeLessThan((2 * 3540) / 16)
    expect(old.filter(({ fidelity }) => fidelity < 1).every(({ weight }) => weight === 1)).toBe(true)
  })
})
