import { expect, test } from 'vitest'
import { uptimeOf, type Said } from '../../../../sinks/console/reports/uptime.ts'

const said = (time: number, kind: Said['kind'], to: string): Said => ({ time: time * 1000, kind, to })
const uptime = (...list: Said[]) => uptimeOf(list, 1_000_000, 1_100_000)

test('an upstream that nobody spoke of was up', () => {
  expect(uptime()).toEqual({ share: 1, downSeconds: 0, outages: 0 })
})

test('down and up again, by health or by breaker, and both at once count once', () => {
  expect(uptime(said(1010, 'health', 'down'), said(1020, 'health', 'up'))).toEqual({
    share: 0.9,
    downSeconds: 10,
    outages: 1,
  })
  const both = [
    said(1010, 'breaker', 'open'),
    said(1020, 'health', 'down'),
    said(1025, 'breaker', 'half-open'),
    said(1030, 'breaker', 'closed'),
    said(1040, 'health', 'up'),
  ]
  expect(uptime(...both)).toEqual({ share: 0.7, downSeconds: 30, outages: 1 })
})

test('what began before counts from the start, what has not ended until the end, what ended before not at all', () => {
  expect(uptime(said(900, 'health', 'down'), said(1050, 'health', 'up'))).toMatchObject({ downSeconds: 50, outages: 1 })
  expect(uptime(said(1090, 'breaker', 'open'))).toMatchObject({ downSeconds: 10, outages: 1 })
  expect(uptime(said(800, 'health', 'down'), said(900, 'health', 'up'))).toEqual({
    share: 1,
    downSeconds: 0,
    outages: 0,
  })
  expect(uptime(said(1200, 'health', 'down'))).toMatchObject({ outages: 0 })
})
