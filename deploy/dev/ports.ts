/** Ports before anything starts: a default one that is busy moves on, one that a person named is theirs to free. */
import { createServer, type AddressInfo } from 'node:net'
import { CliError } from '../cli/failure.ts'

const TRIES = 20

interface Probed {
  readonly state: string
  readonly port: number
}

const probe = (host: string, port: number): Promise<Probed> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ state: error.code ?? error.message, port }))
    server.listen({ host, port, exclusive: true }, () => {
      const found = (server.address() as AddressInfo).port
      server.close(() => resolve({ state: 'free', port: found }))
    })
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

/** A port that is free now; for port 0, any. */
export const choosePort = async (wanted: Wanted): Promise<number> => {
  for (let port = wanted.port; port < wanted.port + TRIES; port++) {
    const { state, port: found } = wanted.taken.includes(port)
      ? { state: 'EADDRINUSE', port }
      : await probe(wanted.host, port)
    if (state === 'free') return found
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
