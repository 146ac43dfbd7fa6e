/** JSON lines to a file, with the writer's pace given back to the caller. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

export interface LineWriter {
  write(value: unknown): Promise<void>
  close(): Promise<void>
}

export const openLines = (file: string): LineWriter => {
  const stream = createWriteStream(file)
  let failure: Error | undefined
  stream.on('error', (error) => {
    failure = error
  })
  const check = (): void => {
    if (failure !== undefined) throw new Error(`cannot write ${file}: ${failure.message}`, { cause: failure })
  }
  return {
    write: async (value) => {
      check()
      if (!stream.write(`${JSON.stringify(value)}\n`)) await once(stream, 'drain')
    },
    close: async () => {
      check()
      stream.end()
      if (!stream.closed) await once(stream, 'close')
      check()
    },
  }
}
