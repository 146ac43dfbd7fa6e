/** A command line run within this process. */
import { vi } from 'vitest'
import { runCommandLine } from '../../../deploy/cli/program.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What it prints, and its exit code. */
export const run = async (...args: string[]): Promise<Ran> => {
  vi.stubEnv('NO_COLOR', '1')
  const texts = { out: '', err: '' }
  const take = (into: 'out' | 'err') => (text: unknown) => {
    texts[into] += String(text)
    return true
  }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(take('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(take('err')),
  ]
  try {
    return { code: await runCommandLine(args), ...texts }
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.exitCode = undefined
  }
}
