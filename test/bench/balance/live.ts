/** The same scenarios over real sockets, for some seconds each: what the simulation says should show here too. */
import { Agent, createServer, request, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { chance } from '../../ingress/kit/candidates.ts'
import { startSubject } from '../kit/subject.ts'
import {
  exponential,
  openOutcome,
  POSTS,
  type Contender,
  type Machine,
  type Outcome,
  type Scenario,
} from './scenarios.ts'

interface Station {
  readonly url: string
  close(): void
}

const listen = async (server: Server, port: number): Promise<number> => {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const station = async ({ workers, takes, flaps }: Machine, random: () => number): Promise<Station> => {
  const waiting: (() => void)[] = []
  let busy = 0
  const begin = (): void => {
    if (busy >= workers) return
    const next = waiting.shift()
    if (next === undefined) return
    busy++
    setTimeout(
      () => {
        busy--
        next()
        begin()
      },
      exponential(random, takes),
    )
  }
  const open = (): Server =>
    createServer((req, res) => {
      req.resume()
      waiting.push(() => res.end('ok'))
      begin()
    })
  let server = open()
  const port = await listen(server, 0)
  let timer: NodeJS.Timeout | undefined
  const down = (up: number, away: number): void => {
    server.close()
    server.closeAllConnections()
    timer = setTimeout(() => {
      server = open()
      void listen(server, port)
      timer = setTimeout(() => down(up, away), up)
    }, away)
  }
  if (flaps !== undefined) timer = setTimeout(() => down(flaps.up, flaps.down), flaps.up)
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      clearTimeout(timer)
      server.close()
      server.closeAllConnections()
    },
  }
}

const ask = (agent: Agent, port: number, method: string): Promise<boolean> =>
  new Promise((resolve) => {
    const sent = request({ agent, host: '127.0.0.1', port, method, path: '/' }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode === 200))
      answer.once('error', () => resolve(false))
    })
    sent.once('error', () => resolve(false))
    sent.end(method === 'POST' ? '{}' : '')
  })

/** Requests leave by the clock, whatever the answers do: a stall is seen by all that come meanwhile. */
const drive = async (port: number, rate: number, seconds: number): Promise<Outcome> => {
  const random = chance(7)
  const agent = new Agent({ keepAlive: true })
  const outcome = openOutcome()
  const began = performance.now()
  const under: Promise<void>[] = []
  for (let due = 0; due < seconds * 1000; due += exponential(random, 1000 / rate)) {
    const wait = began + due - performance.now()
    if (wait > 1) await delay(wait)
    outcome.requests++
    const answered = ask(agent, port, random() < POSTS ? 'POST' : 'GET').then((ok) => {
      if (ok) outcome.latencies.push(performance.now() - began - due)
      else outcome.errors++
    })
    under.push(answered)
  }
  await Promise.all(under)
  agent.destroy()
  return outcome
}

export const runLive = async (
  scenario: Scenario,
  { balance, passive }: Contender,
  seconds: number,
): Promise<Outcome> => {
  const random = chance(11)
  const stations = await Promise.all(scenario.machines.map((machine) => station(machine, random)))
  const upstreams = stations.map(({ url }, i) => ({ url, weight: scenario.machines[i]?.weight ?? 1 }))
  const health = { path: '/', every: 5000, timeout: 2000, unhealthyAfter: 3, healthyAfter: 1 }
  const service = { name: 'bench', match: '/*', upstreams, balance, passive, health, ghost: { mode: 'off' } }
  const subject = await startSubject('balanced.ts', { SERVICE: JSON.stringify(service) })
  try {
    return await drive(subject.port, scenario.rate, seconds)
  } finally {
    await subject.stop()
    for (const one of stations) one.close()
  }
}
