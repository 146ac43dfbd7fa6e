/** Single keys while `dev` runs on a terminal. */
import type { Dev } from '../dev/dev.ts'
import { openBrowser } from './browser.ts'
import type { Terminal } from './terminal.ts'

export interface KeyOptions {
  readonly dev: Dev
  readonly terminal: Terminal
  readonly quit: () => void
}

type Mode = 'off' | 'failover' | 'mock'
const NEXT: Readonly<Record<Mode, Mode>> = { off: 'failover', failover: 'mock', mock: 'off' }

const help = ({ terminal }: KeyOptions): void =>
  [
    'o  open the control deck',
    'm  next mode: off, failover, mock',
    'k  pretend that the backend is down, or stop to',
    'h  this help',
    'q  quit',
  ].forEach((line) => terminal.print(`  ${line}`))

/** Starts to listen; returns what stops it and gives the terminal back. */
export const listenToKeys = (options: KeyOptions): (() => void) => {
  const { stdin } = process
  if (!stdin.isTTY) return () => undefined
  const { dev, terminal } = options
  let mode: Mode = dev.facts.config.services[0]?.ghost.mode ?? 'failover'
  let before: Mode | undefined
  const setMode = async (next: Mode): Promise<void> => {
    await dev.admin.put('/api/mode', { mode: next })
    mode = next
  }
  const pretend = async (): Promise<void> => {
    const back = before
    before = back === undefined ? mode : undefined
    await setMode(back ?? 'mock')
    terminal.print(
      back === undefined
        ? '  the backend is treated as down; press k again to end it'
        : '  the backend is itself again',
    )
  }
  const keys: Readonly<Record<string, () => unknown>> = {
    o: () => openBrowser(dev.facts.admin),
    m: () => setMode(NEXT[mode]),
    k: pretend,
    h: () => help(options),
    q: options.quit,
    '\u0003': () => process.kill(process.pid, 'SIGINT'),
  }
  const onKey = (bytes: Buffer): void => {
    const action = keys[bytes.toString('utf8').toLowerCase()]
    Promise.resolve(action?.()).catch((error: unknown) => terminal.print(`  ${(error as Error).message}`))
  }
  stdin.setRawMode(true)
  stdin.resume()
  stdin.on('data', onKey)
  return () => {
    stdin.off('data', onKey)
    stdin.setRawMode(false)
    stdin.pause()
  }
}
