/** A client as they are: one connection, and another one when it is told to go. */
import { connect, constants, type ClientHttp2Session } from 'node:http2'

export interface Http2Client {
  /** Status and body of a GET; what went wrong in the place of the body. */
  readonly ask: (path: string) => Promise<string>
  readonly close: () => void
}

/**
 * `portNow`: where the next connection goes. A request that node:http2 had not sent when it was told to go, it refuses
 * itself; as every client does, this one asks again (RFC 9113 section 8.7: nobody has seen it).
 */
export const openClient = (portNow: () => number, ca: string): Http2Client => {
  let session: ClientHttp2Session | undefined
  const connected = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    session = connect(`https://localhost:${portNow()}`, { ca })
    session.on('error', () => undefined)
    return session
  }
  const askOnce = (path: string): Promise<string | undefined> =>
    new Promise((resolve) => {
      const stream = connected().request({ ':path': path })
      let text = ''
      let status = 0
      stream.on('response', (headers) => (status = Number(headers[':status'])))
      stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
      stream.on('error', (error) => (text = error.message))
      stream.on('close', () => {
        const refused = status === 0 && stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
        resolve(refused ? undefined : `${status} ${text}`)
      })
    })
  const ask = async (path: string): Promise<string> => (await askOnce(path)) ?? (await ask(path))
  return { ask, close: () => session?.destroy() }
}
