/** `learn`: what the processors would learn from recorded traffic, without a proxy. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { learn, type LearnSummary } from '../learn/learn.ts'
import type { BadLine } from '../learn/input.ts'
import { CliError, EXIT } from './failure.ts'

interface LearnFlags {
  readonly out: string
  readonly checkpoints?: string
  readonly service?: string
  readonly json?: boolean
}

const readCheckpoints = (text: string | undefined): number[] => {
  const numbers = (text ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  if (numbers.every((n) => Number.isInteger(n) && n > 0)) return numbers.sort((a, b) => a - b)
  throw new CliError(`--checkpoints ${text ?? ''} is no list of numbers`, {
    cure: 'write --checkpoints 100,300,1000',
    exit: EXIT.usage,
  })
}

/** Each of the first bad lines by itself; a file of another kind should not fill the screen. */
const BAD_LINES_SHOWN = 20
const badLinePrinter = (print: (line: string) => void): ((bad: BadLine) => void) => {
  let shown = 0
  return ({ file, line, reason }) => {
    shown++
    if (shown <= BAD_LINES_SHOWN) print(`${file}:${line}: ${reason}; passed over`)
    if (shown === BAD_LINES_SHOWN + 1) print('further lines are passed over without a word; the count follows')
  }
}

const summaryText = (summary: LearnSummary, out: string): string => {
  const bad = summary.badLines === 0 ? '' : `, ${summary.badLines} line(s) passed over`
  const dead = summary.deadLetters === 0 ? '' : `, ${summary.deadLetters} not usable`
  const found = `${summary.endpoints} endpoints, ${summary.drift} drift signals, ${summary.anomalies} anomalies`
  return `${summary.exchanges} exchanges${bad}${dead}: ${found}. Written to ${out}`
}

const runLearn = async (files: readonly string[], flags: LearnFlags): Promise<void> => {
  for (const file of files)
    if (!existsSync(file))
      throw new CliError(`there is no file ${file}`, { cure: 'name HAR files or JSON lines', exit: EXIT.usage })
  const print = (line: string) => void process.stderr.write(`${line}\n`)
  const checkpoints = readCheckpoints(flags.checkpoints)
  const service = flags.service === undefined ? {} : { service: flags.service }
  const summary = await learn({ files, out: flags.out, checkpoints, ...service, onBadLine: badLinePrinter(print) })
  process.stdout.write(`${flags.json === true ? JSON.stringify(summary) : summaryText(summary, flags.out)}\n`)
  if (summary.exchanges === 0 && summary.badLines > 0) process.exitCode = EXIT.failed
}

export const registerLearn = (program: Command): void => {
  program
    .command('learn')
    .description('learn from recorded traffic (HAR, or JSON lines), offline')
    .argument('<file...>', 'HAR files, or JSON lines: {"time","method","path","status",…}; .gz too')
    .requiredOption(
      '-o, --out <folder>',
      'where exchanges.jsonl, endpoints.jsonl, drift.jsonl, anomalies.jsonl and openapi.json go',
    )
    .option('--checkpoints <list>', 'also say what was known after so many exchanges, such as 100,300,1000')
    .option('--service <name>', 'the service of lines that name none (default: api)')
    .option('--json', 'machine-readable summary')
    .action(runLearn)
}
