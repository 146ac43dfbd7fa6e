/** The peer of exact ghosts: node:http that answers from a Map, and captures nothing. PORT, KNOWN from the environment. */
import http from 'node:http'
import { CASES, documentOf, targetsOf } from './ghosts-book.ts'

const { env } = process
const size = Number(env['KNOWN'] ?? 1000)
const exact = CASES['exact answers']
const known = new Map(
  (exact === undefined ? [] : targetsOf(exact, size, size)).map((target) => [target, Buffer.from(documentOf(target))]),
)
const server = http.createServer((request, response) => {
  const body = known.get(request.url ?? '')
  if (body === undefined) return void response.writeHead(404).end()
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
server.listen(Number(env['PORT']), '127.0.0.1', () => console.log('listening'))
process.once('SIGTERM', () => process.exit(0))
