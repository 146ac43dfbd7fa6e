/** A process that takes its share of connections, answers each byte for byte with its own number before, and ends them politely. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { openChannel, type Pipe } from '../../../deploy/processes/channel.ts'
import { openShare } from '../../../deploy/processes/share.ts'

const enter = (socket: Socket): void => {
  socket.on('error', () => socket.destroy())
  socket.once('data', (bytes) => socket.write(`${process.pid} ${bytes.toString()}`))
  socket.on('end', () => socket.end())
}

const listen = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      if (!share.keep(socket)) return
      enter(socket)
      socket.resume()
    })
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

const channel = openChannel(process as Pipe, {
  listen,
  connection: (_: unknown, socket?: Socket) => share.take(socket),
  least: (least: number) => share.hearLeast(least),
})
const share = openShare({
  tellOpen: (open) => channel.tell('open', open),
  give: (socket) => channel.tell('connection', null, socket),
})
share.open(enter)
process.once('disconnect', () => process.exit())
