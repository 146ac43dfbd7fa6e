/** What is printed: colours only on a terminal that wants them, lines of at most 80 columns where we choose the words. */
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export interface Terminal {
  readonly interactive: boolean
  readonly print: (line?: string) => void
  readonly printError: (line: string) => void
  readonly paint: Paint
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'purple' | 'blue'
export type Paint = (colour: Colour, text: string) => string

const CODES: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  purple: 35,
}

/** https://no-color.org: any value but the empty one switches colours off. */
const wantsColour = (stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean =>
  (env['NO_COLOR'] ?? '') === '' && (stream.isTTY || (env['FORCE_COLOR'] ?? '') !== '') && env['TERM'] !== 'dumb'

/** What came over the network is shown without the power to move the cursor or to forge lines. */
export const harmless = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  stripVTControlCharacters(text).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')

export const openTerminal = (
  stdout: NodeJS.WriteStream = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): Terminal => {
  const coloured = wantsColour(stdout, env)
  return {
    interactive: stdout.isTTY ?? false,
    print: (line = '') => void stdout.write(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    paint: (colour, text) => (coloured ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text),
  }
}

/** A plain table, columns as wide as their longest cell. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)))
  return all.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  '))
}

/** A path as a person would write it from here. */
export const displayPath = (path: string): string => {
  const near = relative(process.cwd(), path)
  return near === '' || near.startsWith('..') ? path : `./${near}`
}
