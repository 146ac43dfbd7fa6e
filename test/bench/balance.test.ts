import { describe, expect, it } from 'vitest'
import { contenders, scenarios, summaryOf, type Contender, type Scenario, type Summary } from './balance/scenarios.ts'
import { simulate } from './balance/simulation.ts'

const scenario = (name: string): Scenario => scenarios.find((one) => one.name === name) as Scenario
const contender = (name: string): Contender => contenders.find((one) => one.name === name) as Contender
const found = (where: string, who: string): Summary =>
  summaryOf(simulate(scenario(where), contender(who), { seconds: 20, seed: 3 }))

describe('the simulation of balancing', () => {
  it('gives the same figures each time, and as many answers as requests', () => {
    const span = { seconds: 2, seed: 11 }
    const [one, two] = [1, 2].map(() => simulate(scenario('one flapping'), contender('peak-ewma'), span))
    expect(one).toEqual(two)
    expect(one?.latencies.length).toBe((one?.requests ?? 0) - (one?.errors ?? 0))
    expect(one?.requests).toBeGreaterThan(1000)
  })

  it('keeps the means of its queues: half of the requests to idle workers take 0.69 of the mean', () => {
    const idle = { ...scenario('equal'), rate: 20 }
    const { p50 } = summaryOf(simulate(idle, contender('least-connections'), { seconds: 200, seed: 5 }))
    expect(p50).toBeGreaterThan(6.3)
    expect(p50).toBeLessThan(7.5)
  })

  it('shows what weights, load and latency are good for', () => {
    expect(found('unequal', 'round-robin').p99).toBeGreaterThan(10 * found('unequal', 'weighted').p99)
    expect(found('one slow', 'peak-ewma').p99).toBeLessThan(0.7 * found('one slow', 'round-robin').p99)
    expect(found('one slow', 'weighted, passive health').p99).toBeLessThan(found('one slow', 'weighted').p99)
    expect(found('one flapping', 'peak-ewma').errors).toBeLessThan(found('one flapping', 'round-robin').errors)
  })
})
