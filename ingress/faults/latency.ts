/** latency: the request waits before it goes on. Fixed, normal, or with a heavy tail, as real outages are. */
import type { FaultSpec } from '../../schemas/faults.ts'
import type { Draw, Fault } from './fault.ts'

type Latency = Extract<FaultSpec, { kind: 'latency' }>

/** Box and Muller, 1958. */
const normal = (draw: Draw): number => Math.sqrt(-2 * Math.log(1 - draw(1))) * Math.cos(2 * Math.PI * draw(2))

/** Pareto, scaled so that its median is 1. */
const heavy = (draw: Draw, tail: number): number => (2 * (1 - draw(1))) ** (-1 / tail)

const sample = ({ ms, distribution, spread, tail }: Latency, draw: Draw): number => {
  if (distribution === 'normal') return ms + spread * normal(draw)
  return distribution === 'heavy' ? ms * heavy(draw, tail) : ms
}

export const latency =
  (settings: Latency): Fault =>
  (draw) => {
    const ms = Math.round(Math.max(0, Math.min(settings.max, sample(settings, draw))))
    return { effect: { kind: 'delay', ms }, mark: `latency;ms=${ms}` }
  }
