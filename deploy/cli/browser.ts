/** Opens an address with whatever this machine opens addresses with; silent where there is nothing. */
import { spawn } from 'node:child_process'

const COMMANDS: Readonly<Record<string, string>> = { darwin: 'open', win32: 'explorer' }

export const openBrowser = (url: string): void => {
  spawn(COMMANDS[process.platform] ?? 'xdg-open', [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}
