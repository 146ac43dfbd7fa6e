/**
 * The strategies of balancing against each other: p50, p99 and errors of a minute of traffic to four backends, simulated on
 * the code that runs in production; the same over real sockets for some seconds, so that the simulation is held to account;
 * and what one choice costs.
 */
import type { Balancer } from '../../ingress/balance/candidate.ts'
import { strategies, type Strategy } from '../../ingress/balance/strategies.ts'
import { choose, release } from '../../ingress/phases/balance.ts'
import { openService } from '../../ingress/services.ts'
import { candidate, chance, question } from '../ingress/kit/candidates.ts'
import { contextOf } from '../ingress/kit/context.ts'
import { runLive } from './balance/live.ts'
import { contenders, scenarios, summaryOf, type Scenario, type Summary } from './balance/scenarios.ts'
import { simulate } from './balance/simulation.ts'
import { round, type Figure, type Section } from './kit/figure.ts'

const section = 'balance'
const SPAN = { seconds: 60, seed: 7 }
const PEER = 'round-robin'
const CHOICES = 1_000_000
const ROUNDS = 5

type Row = { readonly name: string; readonly found: readonly Summary[] }

const lines = (rows: readonly Row[], over: readonly Scenario[]): string => {
  const head = `| p50 / p99 ms, errors | ${over.map(({ name }) => name).join(' | ')} |`
  const rule = `| --- |${over.map(() => ' --- |').join('')}`
  const cell = ({ p50, p99, errors }: Summary): string => `${p50} / ${p99}${errors === 0 ? '' : `, ${errors} %`}`
  return [head, rule, ...rows.map(({ name, found }) => `| ${name} | ${found.map(cell).join(' | ')} |`)].join('\n')
}

const figuresOf = (rows: readonly Row[], over: readonly Scenario[], how: string): Figure[] => {
  const peer = rows.find(({ name }) => name === PEER) as Row
  return over.flatMap((scenario, i) =>
    rows
      .filter((row) => row !== peer)
      .map(({ name, found }): Figure => {
        const [value, against] = [found[i], peer.found[i]].map((one) => one?.p99 ?? NaN) as [number, number]
        const about = { section, name: `${scenario.name}${how}: ${name}, p99`, unit: 'ms', better: 'less' } as const
        return { ...about, value, peer: { name: PEER, value: against } }
      }),
  )
}

/** ns, the cheapest of some rounds. */
const nanos = (act: () => unknown): number => {
  let best = Infinity
  for (let n = 0; n < ROUNDS; n++) {
    const began = performance.now()
    for (let i = 0; i < CHOICES; i++) act()
    best = Math.min(best, ((performance.now() - began) * 1e6) / CHOICES)
  }
  return round(best)
}

const choiceOf = (name: Strategy): Figure => {
  const some = [1, 2, 3].map((i) => candidate(`http://10.0.0.${i}:80`, { latency: { micros: 900 * i, at: 0 } }))
  const asked = question({ client: '198.51.100.7', random: chance(1), now: 100 })
  const balancer: Balancer = strategies[name]
  const value = nanos(() => balancer(some, asked))
  return { section, name: `one choice among three: ${name}`, unit: 'ns', value, better: 'less' }
}

/** All that the phase does for a request, from breaker to count. */
const phaseOf = (upstreams: number): Figure => {
  const given = { random: chance(1), tokenOf: (url: string) => url }
  const urls = Array.from({ length: upstreams }, (_, i) => ({ url: `http://10.0.0.${i + 1}:80` }))
  const service = openService({ name: 'bench', match: '/*', upstreams: urls }, given)
  const context = contextOf()
  const value = nanos(() => {
    choose(context, service, 1000)
    release(context)
  })
  const what = upstreams === 1 ? 'the only upstream' : `${upstreams} upstreams`
  return { section, name: `choose and release, ${what}`, unit: 'ns', value, better: 'less' }
}

/** All come from one address, so that ip-hash has nothing to choose; and backends, clients and proxy share the cores. */
const LIVE = ['round-robin', 'least-connections', 'peak-ewma']
const MOST = 800
const SECONDS = 4
const calm = scenarios.filter(({ rate }) => rate < MOST)

const live = async (): Promise<Row[]> => {
  const rows: Row[] = []
  for (const contender of contenders.filter(({ name }) => LIVE.includes(name))) {
    const found: Summary[] = []
    for (const scenario of calm) found.push(summaryOf(await runLive(scenario, contender, SECONDS)))
    rows.push({ name: contender.name, found })
  }
  return rows
}

const run: Section['run'] = async () => {
  const rows = contenders.map((contender): Row => ({
    name: contender.name,
    found: scenarios.map((scenario) => summaryOf(simulate(scenario, contender, SPAN))),
  }))
  process.stderr.write(`\n${lines(rows, scenarios)}\n\n`)
  const seen = await live()
  process.stderr.write(`Over real sockets, ${SECONDS} s each:\n\n${lines(seen, calm)}\n\n`)
  const choices = (Object.keys(strategies) as Strategy[]).map(choiceOf)
  return [...figuresOf(rows, scenarios, ''), ...figuresOf(seen, calm, ', live'), ...choices, ...[1, 3, 10].map(phaseOf)]
}

export const balanceSection: Section = { name: section, run }
