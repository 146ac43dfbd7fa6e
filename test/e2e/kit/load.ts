/** An open-loop load on loopback: requests leave by the clock, whatever the answers do, so that stalls are seen. */
import { Agent, request } from 'node:http'

export interface Answer {
  readonly n: number
  readonly status: number
  /** From the moment it should have left, ms. */
  readonly ms: number
}

const ask = (agent: Agent, url: string): Promise<number> =>
  new Promise((resolve) => {
    const r = request(url, { agent }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
      answer.once('error', () => resolve(0))
    })
    r.once('error', () => resolve(0))
    r.end()
  })

/** `rate` requests a second for `seconds`; `urlOf` numbers them. */
export const load = async (rate: number, seconds: number, urlOf: (n: number) => string): Promise<Answer[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const started = performance.now()
  const answers: Promise<Answer>[] = []
  for (let n = 0; n < rate * seconds; n++) {
    const due = started + (n * 1000) / rate
    const wait = due - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    answers.push(ask(agent, urlOf(n)).then((status) => ({ n, status, ms: performance.now() - due })))
  }
  const all = await Promise.all(answers)
  agent.destroy()
  return all
}

export const percentile = (values: readonly number[], p: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))] ?? NaN
