/** `demo`: a shop, its readers, an outage, and what the readers notice of it. */
import type { Command } from 'commander'
import { withListen, withPlace, type DemoFlags } from '../options.ts'

export const registerDemo = (program: Command): void => {
  withPlace(withListen(program.command('demo')))
    .description('watch a backend die and its clients not notice')
    .option('--once', 'end after the show instead of running on')
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import('../../demo/demo.ts')
      await runDemo(flags)
    })
}
