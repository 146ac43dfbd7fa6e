import { request, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isLoopback, publicPaths, refuseToListen } from '../../../sinks/console/security.ts'
import { startTestConsole, type Started } from './kit.ts'

const TOKEN = 'a-token-of-a-fair-length'
let started: Started
afterEach(() => started?.console.close())

interface Ask {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** fetch() sets Host and Origin itself; attackers' tools do not. */
const ask = ({ method = 'GET', path, headers = {}, body = '' }: Ask): Promise<IncomingMessage & { text: string }> =>
  new Promise((resolve, reject) => {
    // Without a length Node would write the body of a DELETE behind its head, where it is another request.
    const sized = body === '' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
    const to = { host: '127.0.0.1', port: started.console.port, method, path, headers: sized }
    const sent = request(to, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve(Object.assign(response, { text })))
    })
    sent.on('error', reject)
    sent.end(body)
  })

/** Every route that the console describes, and those that it does not. */
const routes = async (headers: Record<string, string> = {}): Promise<readonly { method: string; path: string }[]> => {
  const { text } = await ask({ path: '/admin/openapi.json', headers })
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> }
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: path.replace('{id}', 'x') })),
  )
  return [
    ...described,
    { method: 'GET', path: '/metrics' },
    { method: 'GET', path: '/admin/openapi.json' },
    { method: 'GET', path: '/no/such/route' },
  ]
}

describe('with a token', () => {
  beforeEach(async () => {
    started = await startTestConsole({ token: TOKEN })
  })

  test('every route but the page’s shell and the probes is closed without it', async () => {
    const all = await routes({ authorization: `Bearer ${TOKEN}` })
    expect(all.length).toBeGreaterThan(14)
    for (const { method, path } of all)
      for (const authorization of ['', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
        const answer = await ask({ method, path, headers: { authorization, 'content-type': 'application/json' } })
        expect([path, answer.statusCode]).toEqual([path, 401])
        expect(answer.headers['content-type']).toBe('application/problem+json')
      }
    for (const path of publicPaths) expect((await ask({ path })).statusCode).not.toBe(401)
  })

  test('with it the API answers', async () => {
    expect((await ask({ path: '/api/summary', headers: { authorization: `Bearer ${TOKEN}` } })).statusCode).toBe(200)
  })
})

describe('on loopback', () => {
  beforeEach(async () => {
    started = await startTestConsole()
  })

  test('a foreign Host or Origin is refused on every route', async () => {
    const own = `127.0.0.1:${started.console.port}`
    const foreign: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: `evil.example:${started.console.port}` },
      { host: '127.0.0.1.evil.example' },
      { host: own, origin: 'http://evil.example' },
      { host: own, origin: 'null' },
      { host: own, origin: `http://localhost:1` },
      { host: own, origin: `ftp://${own}` },
      { host: own, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      { host: own, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
    ]
    for (const { method, path } of [...(await routes()), { method: 'GET', path: '/' }])
      for (const headers of foreign) {
        const answer = await ask({ method, path, headers: { ...headers, 'content-type': 'application/json' } })
        expect([path, headers, answer.statusCode]).toEqual([path, headers, 403])
      }
    for (const headers of [
      { host: own },
      { host: `localhost:${started.console.port}` },
      { host: own, origin: `http://${own}` },
      { host: own, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
      { host: own, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ])
      expect((await ask({ path: '/api/mode', headers })).statusCode).toBe(200)
  })

  test('a change must be JSON, and small', async () => {
    for (const { method, path } of (await routes()).filter((route) => route.method !== 'GET'))
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'application/jsonp',
        '',
      ]) {
        const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
        expect([path, type, (await ask({ method, path, headers, body: '{}' })).statusCode]).toEqual([path, type, 415])
      }
    const headers = { 'content-type': 'application/json' }
    expect(
      (await ask({ method: 'PUT', path: '/api/mode', headers, body: `"${'x'.repeat(100_000)}"` })).statusCode,
    ).toBe(413)
    expect((await ask({ method: 'PUT', path: '/api/mode', headers, body: '{' })).statusCode).toBe(400)
    expect((await ask({ method: 'PUT', path: '/api/mode', headers, body: '{"mode":"on"}' })).statusCode).toBe(400)
  })

  test('every answer carries the headers that keep browsers from harm', async () => {
    for (const path of ['/', '/page/app.js', '/api/summary', '/no/such/route']) {
      const { headers } = await ask({ path })
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
    const { text } = await ask({ path: '/' })
    expect(text).not.toMatch(/<script(?! src=)|<style|\son\w+=|\sstyle=/)
  })

  test('what fails inside stays inside', async () => {
    const answer = await ask({ path: '/api/traffic' })
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['retry-after']).toBe('2')
    expect(answer.text).not.toContain('secret-host')
  })
})

test('beyond loopback it refuses to start without a token, and says what to do', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'example.com', '127.evil.example']) {
    expect(isLoopback(host)).toBe(false)
    expect(refuseToListen({ host })).toMatch(/CHAOS_PROXY_ADMIN_TOKEN/)
    expect(refuseToListen({ host, token: 'short' })).toMatch(/at least 16/)
    expect(refuseToListen({ host, token: TOKEN })).toBeUndefined()
  }
  for (const host of ['127.0.0.1', '127.0.0.9', 'localhost', '::1', '[::1]'])
    expect(refuseToListen({ host })).toBeUndefined()
  started = await startTestConsole()
  await expect(startTestConsole({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'unsafe' })
  await expect(startTestConsole({ port: started.console.port })).rejects.toMatchObject({ code: 'port-in-use' })
})
