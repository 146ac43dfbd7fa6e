/** Ctrl-C and SIGTERM: the first drains, the second ends at once. */
export type Ended = 'quit' | 'interrupted' | 'terminated'

/** Waits until somebody wants to stop. `begin` gets a way to quit and returns what undoes it. */
export const untilInterrupted = (begin: (quit: () => void) => () => void = () => () => undefined): Promise<Ended> =>
  new Promise((resolve) => {
    const end = (how: Ended): void => {
      undo()
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
      process.once('SIGINT', () => process.exit(130))
      process.once('SIGTERM', () => process.exit(143))
      resolve(how)
    }
    const onInterrupt = (): void => end('interrupted')
    const onTerminate = (): void => end('terminated')
    process.on('SIGINT', onInterrupt)
    process.on('SIGTERM', onTerminate)
    const undo = begin(() => end('quit'))
  })
