import { describe, expect, it } from 'vitest'
import { instantGiven, outageGiven, shareGiven, spanLength } from '../../../deploy/backtest/span.ts'

const LATEST = Date.parse('2026-11-21T15:30:00Z')
const at = (text: string): number => Date.parse(text)

describe('times of a backtest', () => {
  it('takes a time of day for the latest one, in UTC', () => {
    expect(instantGiven('--as-of', '14:00', LATEST)).toBe(at('2026-11-21T14:00:00Z'))
    expect(instantGiven('--as-of', '16:00:30', LATEST)).toBe(at('2026-11-20T16:00:30Z'))
    expect(instantGiven('--as-of', '2026-11-20T03:00', LATEST)).toBe(at('2026-11-20T03:00:00Z'))
    expect(instantGiven('--as-of', '2026-11-20T03:00+02:00', LATEST)).toBe(at('2026-11-20T01:00:00Z'))
  })

  it('reads outages, also over midnight', () => {
    expect(outageGiven('14:00-14:20', LATEST)).toEqual({
      from: at('2026-11-21T14:00:00Z'),
      to: at('2026-11-21T14:20:00Z'),
    })
    expect(outageGiven('23:50-00:10', LATEST)).toEqual({
      from: at('2026-11-20T23:50:00Z'),
      to: at('2026-11-21T00:10:00Z'),
    })
    expect(outageGiven('2026-11-01T10:00Z/2026-11-01T11:00Z', LATEST)).toEqual({
      from: at('2026-11-01T10:00:00Z'),
      to: at('2026-11-01T11:00:00Z'),
    })
  })

  it.each(['14:00', 'noon-midnight', '25:00-26:00', '2026-11-01T11:00Z/2026-11-01T10:00Z', ''])(
    'says how to write an outage instead of "%s"',
    (text) => expect(() => outageGiven(text, LATEST)).toThrow(/--outage/),
  )

  it('reads spans and shares', () => {
    expect([spanLength('--since', '90m'), shareGiven('--min', '90%'), shareGiven('--min', '0.5')]).toEqual([
      5_400_000, 0.9, 0.5,
    ])
    expect(() => spanLength('--since', 'yesterday')).toThrow(/--since yesterday/)
    expect(() => shareGiven('--min', '900')).toThrow(/--min 900/)
  })
})
