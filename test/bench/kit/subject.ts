/** A proxy under test: a process of its own, whose CPU is asked for over its IPC channel. */
import { build } from 'esbuild'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../kit/kafka/config.ts'

export interface Subject {
  readonly port: number
  /** CPU used so far, all threads, in µs. */
  cpu(): Promise<number>
  /** Its resident memory, bytes. */
  rss(): Promise<number>
  /** Ends it; resolves with the last line that it has written. */
  stop(): Promise<string>
}

const bench = fileURLToPath(new URL('../', import.meta.url))
/** Inside the repository, so that packages are found. */
const built = fileURLToPath(new URL('../../../node_modules/.cache/bench/', import.meta.url))

/** Compiled ahead, as what ships is: tsx keeps every function's name, which costs each closure made in a request. */
const compile = async (script: string): Promise<string> => {
  const outfile = `${built}${script.replace('.ts', '.mjs')}`
  const entryPoints = [bench + script]
  await build({ entryPoints, outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm' })
  return outfile
}

/** Starts a script of this folder, which is to print its address once it listens on PORT. */
export const startSubject = async (script: string, env: Readonly<Record<string, string>>): Promise<Subject> => {
  const port = await freePort()
  const args = ['--import', await compile('usage.ts'), await compile(script)]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let said = ''
  child.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const ended = once(child, 'close')
  const early = ended.then(([code]) => Promise.reject(new Error(`${script} has ended with ${code}; it said: ${said}`)))
  early.catch(() => undefined)
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), early])
  const usage = async (): Promise<NodeJS.CpuUsage & { readonly rss: number }> => {
    child.send('usage')
    const [found] = (await Promise.race([once(child, 'message'), early])) as [NodeJS.CpuUsage & { rss: number }]
    return found
  }
  return {
    port,
    cpu: async () => {
      const { user, system } = await usage()
      return user + system
    },
    rss: async () => (await usage()).rss,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      return said.trimEnd().split('\n').at(-1) ?? ''
    },
  }
}
