/** A bar for work that takes a while; nothing where nobody looks. */
export interface Progress {
  readonly add: (done: number) => void
  /** Takes the bar away. */
  readonly end: () => void
}

const WIDTH = 30
/** ms between two looks. */
const EVERY = 100

export const openProgress = (stream: NodeJS.WriteStream, total: number): Progress => {
  let done = 0
  let drawn = 0
  if (!stream.isTTY) return { add: () => undefined, end: () => undefined }
  return {
    add: (more) => {
      done += more
      const now = Date.now()
      if (now < drawn + EVERY) return
      drawn = now
      const share = Math.min(1, done / Math.max(1, total))
      const full = Math.round(share * WIDTH)
      stream.write(`\r${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${Math.round(share * 100)} %`)
    },
    end: () => void stream.write('\r\u001b[2K'),
  }
}
