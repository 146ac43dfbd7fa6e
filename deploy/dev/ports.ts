/** Ports before anything starts: a default one that is busy moves on, one that a person named is theirs to free. */
import { createServer } from 'node:net'
import { CliError } from '../cli/failure.ts'

const TRIES = 20

const probe = (host: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve('free')))
  })

export interface Wanted {
  readonly host: string
  readonly port: number
  /** A person asked for this very port. */
  readonly named: boolean
  /** The flag that changes it. */
  readonly flag: string
  readonly taken: readonly number[]
}

/** A port that is free now. Port 0 stays 0. */
export const choosePort = async (wanted: Wanted): Promise<number> => {
  if (wanted.port === 0) return 0
  for (let port = wanted.port; port < wanted.port + TRIES; port++) {
    const state = wanted.taken.includes(port) ? 'EADDRINUSE' : await probe(wanted.host, port)
    if (state === 'free') return port
    if (state !== 'EADDRINUSE')
      throw new CliError(`cannot listen on ${wanted.host}:${port}: ${state}`, {
        cure: `choose another address with --host, or another port with ${wanted.flag}`,
      })
    if (wanted.named)
      throw new CliError(`port ${port} on ${wanted.host} is busy`, {
        cure: `stop what listens there (lsof -i :${port}), or choose another with ${wanted.flag}`,
      })
  }
  throw new CliError(`ports ${wanted.port} to ${wanted.port + TRIES - 1} are all busy`, {
    cure: `choose one with ${wanted.flag}`,
  })
}
