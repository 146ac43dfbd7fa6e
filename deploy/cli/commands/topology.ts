/** `topology`: who learns, in which order, with which state, and what each writes. */
import type { Command } from 'commander'
import { openTerminal } from '../terminal.ts'

const run = async (): Promise<void> => {
  const { describeTopology } = await import('../../../processors/runtime/describe.ts')
  const { topology } = await import('../../../processors/topology.ts')
  openTerminal().print(describeTopology(topology).trimEnd())
}

export const registerTopology = (program: Command): void => {
  program.command('topology').description('print the processors, their stores and topics').action(run)
}
