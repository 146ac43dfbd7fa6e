/** The acts in order, then the stage is the audience's: keys to kill and revive, until somebody leaves. */
import { setTimeout as delay } from 'node:timers/promises'
import { untilInterrupted } from '../cli/signals.ts'
import type { Terminal } from '../cli/terminal.ts'
import { EXIT } from '../cli/failure.ts'
import { openBrowser } from '../cli/browser.ts'
import type { Dev } from '../dev/dev.ts'
import type { Bookstore } from './bookstore/server.ts'
import type { Show } from './show.ts'

export interface PlayOptions {
  readonly cast: { readonly shop: Bookstore; readonly dev: Dev; readonly show: Show }
  readonly abort: AbortController
  readonly terminal: Terminal
  readonly once: boolean
  readonly acts: readonly (() => Promise<void>)[]
}

/** `k` really kills the shop here. */
const keysOf = ({ cast, terminal }: PlayOptions, quit: () => void): ((bytes: Buffer) => void) => {
  let alive = true
  const toggle = async (): Promise<void> => {
    alive = !alive
    await (alive ? cast.shop.start() : cast.shop.stop())
    terminal.print(alive ? '  the bookstore is back' : '  the bookstore is dead; k revives it')
  }
  return (bytes) => {
    const key = bytes.toString('utf8').toLowerCase()
    if (key === 'q') quit()
    else if (key === '\u0003') process.kill(process.pid, 'SIGINT')
    else if (key === 'o') openBrowser(cast.dev.facts.admin)
    else if (key === 'k') void toggle()
  }
}

const takeKeys = (options: PlayOptions, quit: () => void): (() => void) => {
  const { stdin } = process
  if (!stdin.isTTY || options.once) return () => undefined
  const onKey = keysOf(options, quit)
  stdin.setRawMode(true)
  stdin.resume()
  stdin.on('data', onKey)
  return () => {
    stdin.off('data', onKey)
    stdin.setRawMode(false)
    stdin.pause()
  }
}

/** Plays; resolves when it is over or somebody ends it. */
export const playOn = async (options: PlayOptions): Promise<void> => {
  const { abort, acts, cast, once } = options
  let leave: () => void = () => undefined
  const ended = untilInterrupted((quit) => {
    leave = quit
    return takeKeys(options, quit)
  })
  void ended.then((how) => {
    if (how === 'interrupted') process.exitCode = EXIT.interrupted
    abort.abort()
  })
  for (const act of acts) if (!abort.signal.aborted) await act()
  if (!abort.signal.aborted) cast.show.curtain()
  if (once) {
    await delay(0)
    leave()
  }
  await ended
}
