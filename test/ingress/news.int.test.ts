/** Two processes of the ingress, two upstreams: what one finds out the other acts on, whatever way it hears of it. */
import { createServer, type Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { sayOnControl } from '../../deploy/roles/news.ts'
import type { News, ServiceOptions } from '../../ingress/options.ts'
import { eventually, get, listen, openStand, type Stand } from './kit/stand.ts'

const stands: Stand[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
  await Promise.all(stands.splice(0).map((stand) => stand.close()))
})

const serve = async (port = 0): Promise<number> => {
  const server = createServer((_req, res) => res.end('well'))
  servers.push(server)
  return await listen(server, port)
}

const die = (): void => {
  const server = servers.pop() as Server
  server.close()
  server.closeAllConnections()
}

const open = async (service: Partial<ServiceOptions>, onNews?: (news: News) => void): Promise<Stand> => {
  const options = onNews === undefined ? {} : { onNews }
  const stand = await openStand({ backend: (_req, res) => res.end('own'), service, options })
  stands.push(stand)
  return stand
}

const stateOf = (stand: Stand, url: string) => {
  const found = stand.ingress.status().services[0]?.upstreams.find((upstream) => upstream.url === url)
  return { health: found?.health, breaker: found?.breaker }
}

it('shares what breakers find: open together, and closed together when one probe went well', async () => {
  const upstreams = [{ url: `http://127.0.0.1:${await serve()}` }]
  const port = await serve()
  const url = `http://127.0.0.1:${port}`
  upstreams.push({ url })
  const service = { upstreams, breaker: { openFor: 300 }, passive: 'off', balance: { slowStart: 0 } } as const
  let hear: (news: News) => void = () => undefined
  const one = await open(service, (news) => hear(news))
  const two = await open(service)
  hear = (news) => two.ingress.hear(structuredClone(news))
  die()
  await eventually('the first one opens', async () => {
    await get(one.url)
    return stateOf(one, url).breaker === 'open'
  })
  await eventually('the second one opens, too', () => stateOf(two, url).breaker === 'open', 1000)
  await serve(port)
  await eventually('both are closed', async () => {
    expect([(await get(one.url)).status, (await get(two.url)).status]).toEqual([200, 200])
    return stateOf(one, url).breaker === 'closed' && stateOf(two, url).breaker === 'closed'
  })
})

it('shares what checks find, over the log', async () => {
  const port = await serve()
  const url = `http://127.0.0.1:${port}`
  const checks = { path: '/', timeout: 2000, unhealthyAfter: 1, healthyAfter: 1 }
  const patient = await open({ upstreams: [{ url }], health: { ...checks, every: 60_000, healthyAfter: 5 } })
  await eventually('the first check', () => stateOf(patient, url).health === 'up')
  const say = sayOnControl(patient.log, patient.codecs)
  const eager = await open({ upstreams: [{ url }], health: { ...checks, every: 20 } }, say)
  await eventually('it is up', () => stateOf(eager, url).health === 'up')
  die()
  await eventually('both say down', () => [eager, patient].every((one) => stateOf(one, url).health === 'down'))
  await serve(port)
  await eventually('both say up', () => [eager, patient].every((one) => stateOf(one, url).health === 'up'))
})

it('believes its own eyes: an upstream that another cannot reach is asked again at once', async () => {
  const url = `http://127.0.0.1:${await serve()}`
  const told: News[] = []
  const health = { path: '/', timeout: 2000, unhealthyAfter: 3, healthyAfter: 3, every: 60_000 }
  const stand = await open({ upstreams: [{ url }], health }, (news) => told.push(news))
  await eventually('the first check', () => stateOf(stand, url).health === 'up')
  const news = { service: 'shop', subject: url, reason: 'no way there', at: Date.now() * 1000, by: 'another' } as const
  stand.ingress.hear({ ...news, kind: 'health', to: 'down' })
  stand.ingress.hear({ ...news, kind: 'breaker', to: 'open' })
  expect(stateOf(stand, url)).toEqual({ health: 'down', breaker: 'open' })
  await eventually('its own check', () => stateOf(stand, url).health === 'up')
  await eventually('its own probe', async () => (await get(stand.url)).body === 'well')
  expect(stateOf(stand, url).breaker).toBe('closed')
  // What it only believed it does not pass on.
  expect(told.map(({ to }) => to)).toEqual(['up', 'closed'])
})
