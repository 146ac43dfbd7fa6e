/** `learn`: what the processors would learn from recorded traffic, without a proxy. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { learn, type LearnSummary } from '../learn/learn.ts'
import type { BadLine } from '../learn/input.ts'
import { compareWith, describedBy, failOver } from './against.ts'
import { CliError, EXIT } from './failure.ts'
import { scoreOf } from './score.ts'

interface LearnFlags {
  readonly out?: string
  readonly against?: string
  readonly failOver?: number
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

const summaryText = (summary: LearnSummary, out: string | undefined): string => {
  const bad = summary.badLines === 0 ? '' : `, ${summary.badLines} line(s) passed over`
  const dead = summary.deadLetters === 0 ? '' : `, ${summary.deadLetters} not usable`
  const found = `${summary.endpoints} endpoints, ${summary.drift} drift signals, ${summary.anomalies} anomalies`
  return `${summary.exchanges} exchanges${bad}${dead}: ${found}${out === undefined ? '' : `. Written to ${out}`}`
}

/** What is compared only need not be kept. */
const withFolder = async (flags: LearnFlags, use: (out: string) => Promise<void>): Promise<void> => {
  if (flags.out !== undefined) return await use(flags.out)
  if (flags.against === undefined)
    throw new CliError('where should it be written?', { cure: 'name a folder with -o', exit: EXIT.usage })
  const out = mkdtempSync(join(tmpdir(), 'chaos-learn-'))
  try {
    await use(out)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

const runLearn = async (files: readonly string[], flags: LearnFlags): Promise<void> => {
  for (const file of files)
    if (!existsSync(file))
      throw new CliError(`there is no file ${file}`, { cure: 'name HAR files or JSON lines', exit: EXIT.usage })
  const described = flags.against === undefined ? undefined : await describedBy(flags.against)
  const complain = (line: string): void => void process.stderr.write(`${line}\n`)
  const checkpoints = readCheckpoints(flags.checkpoints)
  const service = flags.service === undefined ? {} : { service: flags.service }
  await withFolder(flags, async (out) => {
    const summary = await learn({ files, out, checkpoints, ...service, onBadLine: badLinePrinter(complain) })
    if (summary.exchanges === 0 && summary.badLines > 0) process.exitCode = EXIT.failed
    const compared = described && compareWith({ name: flags.against ?? '', described, out })
    if (flags.json === true) print(JSON.stringify({ ...summary, ...(compared && { against: compared.found }) }))
    else print([summaryText(summary, flags.out), ...(compared ? [compared.text] : [])].join('\n'))
    if (compared !== undefined) failOver(compared.found, flags.failOver)
  })
}

export const registerLearn = (program: Command): void => {
  program
    .command('learn')
    .description('learn from recorded traffic (HAR, or JSON lines), offline')
    .argument('<file...>', 'HAR files, or JSON lines: {"time","method","path","status",…}; .gz too')
    .option(
      '-o, --out <folder>',
      'where exchanges.jsonl, endpoints.jsonl, drift.jsonl, anomalies.jsonl and openapi.json go',
    )
    .option('--against <description>', 'what differs from an OpenAPI file, an earlier -o folder or a running profile')
    .option('--fail-over <score>', 'with --against: exit with 3 when the drift scores more (0 to 100)', scoreOf)
    .option('--checkpoints <list>', 'also say what was known after so many exchanges, such as 100,300,1000')
    .option('--service <name>', 'the service of lines that name none (default: api)')
    .option('--json', 'machine-readable summary')
    .action(runLearn)
}
