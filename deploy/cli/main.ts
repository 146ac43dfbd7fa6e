/** The entry: a command line, or the role of a `dev` that has forked us. */
import type { RoleName } from '../roles/role.ts'
import { runCommandLine } from './program.ts'

const CHILD = 'role'

/** Whoever reads us may have enough (`| head`): no error, and nothing to go on for. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

/** What still holds the process when all is done (a connection that does not end) does so no longer than this. */
const LEAVE_MS = 2_000

const main = async (args: readonly string[]): Promise<void> => {
  if (args[0] !== CHILD || !process.send) {
    process.exitCode = await runCommandLine(args)
    setTimeout(() => process.exit(), LEAVE_MS).unref()
    return
  }
  const { runChild } = await import('../roles/child.ts')
  runChild(args[1] as RoleName)
}

await main(process.argv.slice(2))
