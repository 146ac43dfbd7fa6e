/** The product as a process: started by its command line, watched by its output, ended by signals. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export interface Cli {
  readonly process: ChildProcess
  readonly output: () => string
  /** Resolves once the output matches; rejects when the process ends or takes too long. */
  until(pattern: RegExp, ms?: number): Promise<RegExpMatchArray>
  /** Sends the signal and resolves with the exit code (null: by signal). */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Polls a condition; rejects with `what` when it does not come true in time. */
export const eventually = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 30_000,
): Promise<void> => {
  const deadline = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Starts `chaos-proxy <args>` from source. */
export const startCli = (args: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }): Cli => {
  const entry = [`${root}node_modules/tsx/dist/loader.mjs`, `${root}deploy/cli/main.ts`] as const
  const child = spawn(process.execPath, ['--import', entry[0], entry[1], ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const take = (bytes: Buffer): void => void (text += bytes.toString())
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    process: child,
    output: () => text,
    until: async (pattern, ms = 60_000) => {
      await eventually(
        `${pattern} in:\n${text}`,
        () => {
          if (ended() && !pattern.test(text)) throw new Error(`ended with ${child.exitCode}:\n${text}`)
          return pattern.test(text)
        },
        ms,
      )
      return pattern.exec(text) as RegExpMatchArray
    },
    end: async (signal = 'SIGINT') => {
      if (ended()) return child.exitCode
      child.kill(signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      return code
    },
  }
}
