import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { complaints, anEndpoint, aPart } from '../../schemas/semantics/openapi/kit.ts'
import { startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(async () => {
  await started.console.close()
  await started.at.log.close()
})

const text = async (path: string): Promise<string> => (await fetch(started.url + path)).text()

test('what was learned is an OpenAPI document, of all or of one service, as JSON and as YAML', async () => {
  started = await startTestConsole()
  const { at } = started
  for (const id of ['shop GET /a/{id}', 'blog GET /b']) await at.put('endpoints', id, [anEndpoint(id)])
  const parts = [aPart('response', '2xx', { type: 'object', 'x-statuses': { 200: 20 } })]
  await at.put('shapes', 'blog GET /b', [{ endpoint: 'blog GET /b', service: 'blog', at: 1, parts }])
  await expect
    .poll(() => text('/admin/docs/openapi.json').then((json) => Object.keys(JSON.parse(json).paths)))
    .toEqual(['/a/{id}', '/b'])
  await expect
    .poll(() => text('/admin/docs/openapi.json?service=blog').then((json) => JSON.parse(json).paths))
    .toMatchObject({ '/b': { get: { responses: { 200: { content: { 'application/json': {} } } } } } })
  const json = JSON.parse(await text('/admin/docs/openapi.json'))
  expect(await complaints(json)).toBe('')
  expect(parse(await text('/admin/docs/openapi.yaml'))).toEqual(json)
  for (const path of ['/admin/docs/openapi.json?service=none', '/admin/docs/openapi.yaml?service=none'])
    expect([path, (await fetch(started.url + path)).status]).toEqual([path, 404])
})

test('Swagger UI shows it from our own files, under a policy that lets nothing else in', async () => {
  started = await startTestConsole({ token: 'sixteen-characters' })
  const page = await fetch(`${started.url}/admin/docs`)
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self';")
  const html = await page.text()
  expect(html).not.toMatch(/https?:/)
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
  expect(parts).toContain('/admin/docs/swagger-ui-bundle.js')
  for (const path of parts.filter((one) => !one.endsWith('.yaml'))) {
    const part = await fetch(started.url + path)
    expect([path, part.status, (await part.arrayBuffer()).byteLength > 50]).toEqual([path, 200, true])
  }
  expect((await fetch(`${started.url}/admin/docs/openapi.json`)).status).toBe(401)
})

test('the admin API describes itself, and what webhooks are told', async () => {
  started = await startTestConsole()
  const own = JSON.parse(await text('/admin/openapi.json'))
  expect(await complaints(own)).toBe('')
  expect(Object.keys(own.webhooks)).toEqual(['drift', 'incident', 'test'])
  const { properties } = own.webhooks.incident.post.requestBody.content['application/json'].schema
  expect(Object.keys(properties)).toEqual(['type', 'timestamp', 'text', 'data'])
})
