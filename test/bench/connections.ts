/**
 * What clients cost in memory: bodies of 2 GiB that pass and are captured (cut), many idle connections, many WebSockets.
 * The ingress is a process of its own; its resident memory is asked for while things happen.
 */
import http from 'node:http'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { round, type Figure, type Section } from './kit/figure.ts'
import { startSubject, type Subject } from './kit/subject.ts'

const section = 'connections'
const MIB = 1024 * 1024
const TOTAL = 2048 * MIB
const IDLE = 10_000
const TUNNELS = 1000
const PIECE = Buffer.alloc(64 * 1024, 'x')

/** Writes TOTAL bytes as fast as they are taken. */
const pour = (into: http.ServerResponse | http.ClientRequest): void => {
  let left = TOTAL
  const go = (): void => {
    while (left > 0) {
      left -= PIECE.length
      if (!into.write(PIECE)) return void into.once('drain', go)
    }
    into.end()
  }
  go()
}

const openBackend = async (): Promise<http.Server> => {
  const server = http.createServer((request, response) => {
    let length = 0
    request.on('data', (bytes: Buffer) => (length += bytes.length))
    request.on('end', () => {
      response.setHeader('content-type', 'application/json')
      if (request.url === '/download') pour(response.setHeader('content-length', TOTAL))
      else response.end(String(length))
    })
  })
  server.on('upgrade', (_request, socket: Socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => socket.write(bytes))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const exchange = (port: number, path: string, upload: boolean): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = upload ? { 'content-length': TOTAL, 'content-type': 'application/json' } : {}
    const asked = http.request({ port, path, method: upload ? 'POST' : 'GET', headers, agent: false }, (response) => {
      let length = 0
      response.on('data', (bytes: Buffer) => (length += bytes.length))
      response.on('end', () => resolve(length))
      response.on('error', reject)
    })
    asked.on('error', reject)
    if (upload) pour(asked)
    else asked.end()
  })

/** By how much memory grows at most while it happens, MiB. */
const growth = async ({ rss }: Subject, work: () => Promise<unknown>): Promise<number> => {
  const before = await rss()
  let peak = before
  let over = false
  const watch = async (): Promise<void> => {
    while (!over) peak = Math.max(peak, await rss())
  }
  const watching = watch()
  await work()
  over = true
  await watching
  return (peak - before) / MIB
}

const connectTo = (port: number, text: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text))
    socket.once('data', () => resolve(socket))
    socket.once('error', reject)
  })

/** In groups: the machine's queue of new connections has its bound. */
const connectMany = async (port: number, text: string, count: number): Promise<Socket[]> => {
  const all: Socket[] = []
  while (all.length < count) all.push(...(await Promise.all(Array.from({ length: 100 }, () => connectTo(port, text)))))
  return all
}

const echoed = async (socket: Socket): Promise<boolean> => {
  socket.write('ping')
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes.toString() === 'ping'
}

const bodies = async (subject: Subject): Promise<Figure[]> => {
  const figures: Figure[] = []
  for (const [name, path, upload] of [
    ['2 GiB upload, memory grows by', '/upload', true],
    ['2 GiB download, memory grows by', '/download', false],
  ] as const) {
    const value = round(await growth(subject, () => exchange(subject.port, path, upload)))
    figures.push({ section, name, unit: 'MiB', value, better: 'less', floor: { of: 'value', at: 64 } })
  }
  return figures
}

const crowds = async (subject: Subject): Promise<Figure[]> => {
  const { port, rss } = subject
  const start = await rss()
  const idle = await connectMany(port, 'GET /idle HTTP/1.1\r\nHost: bench\r\n\r\n', IDLE)
  const between = await rss()
  const upgrade = 'GET /ws HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const tunnels = await connectMany(port, upgrade, TUNNELS)
  const failed = (await Promise.all(tunnels.map(echoed))).filter((ok) => !ok).length
  const after = await rss()
  const lost = idle.filter((socket) => socket.destroyed).length
  for (const socket of [...idle, ...tunnels]) socket.destroy()
  const kib = (bytes: number, count: number): number => round(bytes / 1024 / count)
  const less = { section, better: 'less' } as const
  return [
    { ...less, name: `${IDLE} idle connections, each`, unit: 'KiB', value: kib(between - start, IDLE) },
    { ...less, name: `${TUNNELS} WebSockets, each`, unit: 'KiB', value: kib(after - between, TUNNELS) },
    { ...less, name: 'of these broken or wrong', unit: '', value: lost + failed },
  ]
}

export const connectionsSection: Section = {
  name: section,
  run: async () => {
    const backend = await openBackend()
    const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
    const subject = await startSubject('ingress.ts', { BACKEND: url, LOG: 'embedded', MODE: 'failover' })
    try {
      return [...(await bodies(subject)), ...(await crowds(subject))]
    } finally {
      await subject.stop()
      backend.closeAllConnections()
      backend.close()
    }
  },
}
