/** `bookstore`: the backend of the demo by itself, to have something to stand in front of. */
import type { Command } from 'commander'
import { startBookstore } from '../../demo/bookstore/server.ts'
import { CliError, EXIT } from '../failure.ts'
import { untilInterrupted } from '../signals.ts'
import { openTerminal } from '../terminal.ts'

interface BookstoreFlags {
  readonly host: string
  readonly port: string
}

const run = async ({ host, port }: BookstoreFlags): Promise<void> => {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new CliError(`--port ${port} is no port`, { exit: EXIT.usage })
  const shop = await startBookstore({ host, port: Number(port) }).catch((cause: Error) => {
    throw new CliError(`the bookstore cannot listen at ${host}:${port}: ${cause.message}`, {
      cure: 'name another --port',
      cause,
    })
  })
  openTerminal().print(`the bookstore is open at ${shop.url}`)
  await untilInterrupted()
  await shop.stop()
}

export const registerBookstore = (program: Command): void => {
  program
    .command('bookstore')
    .description('the backend of the demo by itself')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <n>', 'where to listen', '4001')
    .action(run)
}
