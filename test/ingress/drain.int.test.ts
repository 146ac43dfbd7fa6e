/** What a drain must not do: close a connection on which a request has already arrived. */
import { Worker } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { openStand, type Stand } from './kit/stand.ts'

let stand: Stand | undefined
afterEach(() => stand?.close())

/** A client of its own thread: it asks twice on one connection, the second time when told to. Flags: 1 answered, 2 ask, 3 asked. */
const CLIENT = `
const { connect } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')
const { port, flags, quiet } = workerData
let text = ''
const ask = () => socket.write('GET /books HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n')
const socket = connect(port, '127.0.0.1', ask)
const say = (flag) => { Atomics.store(flags, 0, flag); Atomics.notify(flags, 0) }
socket.on('data', (bytes) => {
  text += bytes
  if (!text.endsWith('ok') || Atomics.load(flags, 0) !== 0) return
  say(1)
  Atomics.wait(flags, 0, 1)
  ask()
  setTimeout(say, quiet, 3)
})
socket.on('error', () => undefined)
socket.on('close', () => parentPort.postMessage(text))
`

it('answers what arrived on an idle connection before it was closed, however long nobody read', async () => {
  stand = await openStand({ backend: (_, answer) => answer.end('ok') })
  const flags = new Int32Array(new SharedArrayBuffer(4))
  // Longer than idle connections are given when a drain begins.
  const workerData = { port: Number(new URL(stand.url).port), flags, quiet: 700 }
  const client = new Worker(CLIENT, { eval: true, workerData })
  const heard = new Promise<string>((resolve) => client.once('message', resolve))
  while (Atomics.load(flags, 0) !== 1) await new Promise((resolve) => setTimeout(resolve, 5))

  // From here timers are what comes next.
  await new Promise(setImmediate)
  const closed = stand.ingress.close()
  Atomics.store(flags, 0, 2)
  Atomics.notify(flags, 0)
  Atomics.wait(flags, 0, 2)
  await closed
  expect((await heard).match(/HTTP\/1\.1 200/g)).toHaveLength(2)
  expect((await heard).toLowerCase()).toContain('connection: close')
})
