/**
 * The evaluation sets: each writes its answers file and prints what the set's own scorer says of it; of the paths' sets also
 * whether the OpenAPI documents are valid.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { learn } from '../../deploy/learn/learn.ts'
import { judgeOpenApi } from './openapi.ts'
import { casesOf, mapRows, readRows, type Row, templateOf, toLearnLine, writeRows } from './convert.ts'

export interface Places {
  readonly data: string
  readonly answers: string
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const CHECKPOINTS = [100, 300, 1000]

/** Learns one case in a folder of its own; `use` reads what was written. */
const learnCase = async (file: string, service: string, use: (out: string) => Promise<void>): Promise<void> => {
  const work = mkdtempSync(join(tmpdir(), 'chaos-evals-'))
  try {
    const input = join(work, 'input.jsonl')
    await writeRows(input, mapRows(readRows(file), toLearnLine))
    const onBadLine = (bad: { line: number; reason: string }) => console.error(`${file}:${bad.line}: ${bad.reason}`)
    await learn({ files: [input], out: work, checkpoints: CHECKPOINTS, service, onBadLine })
    await use(work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const score = (scorer: string, args: readonly string[]): boolean => {
  const { status, error } = spawnSync('python3', [scorer, ...args], {
    stdio: 'inherit',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  })
  if (error) console.error(`cannot run python3 ${scorer}: ${error.message}; install Python 3.11`)
  return status === 0
}

const pathAnswer = (api: string, row: Row): Row => ({
  api,
  i: row['index'],
  online: templateOf(row['endpoint_online']),
  ...Object.fromEntries(
    CHECKPOINTS.filter((n) => `endpoint_at_${n}` in row).map((n) => [`c${n}`, templateOf(row[`endpoint_at_${n}`])]),
  ),
  final: templateOf(row['endpoint']),
})

const runPathsOf =
  (set: string) =>
  async ({ data, answers }: Places): Promise<boolean> => {
    const file = join(answers, `${set}.jsonl`)
    let isValid = true
    await writeRows(file, [])
    for (const { name, file: input } of casesOf(join(data, set, 'data')))
      await learnCase(input, 'api', async (out) => {
        const rows = mapRows(readRows(join(out, 'exchanges.jsonl')), (row) => pathAnswer(name, row))
        await writeRows(file, rows, true)
        isValid = (await judgeOpenApi(name, out)) && isValid
      })
    return score(join(data, set, 'score.py'), [file]) && isValid
  }

/** What the set asks for; its scorer knows no others. */
const ASKED = new Set(
  'field_removed field_added type_changed became_nullable became_optional enum_widened status_new'.split(' '),
)

const driftAnswer = (name: string, row: Row): Row | undefined => {
  if (!ASKED.has(String(row['kind']))) return undefined
  const [, method = '', ...template] = String(row['endpoint']).split(' ')
  const severity = row['severity'] === 'breaking' ? 'breaking' : 'non_breaking'
  return {
    case: name,
    at: row['index'],
    method,
    template: template.join(' '),
    pointer: row['pointer'],
    kind: row['kind'],
    severity,
  }
}

const runDrift = async ({ data, answers }: Places): Promise<boolean> => {
  const file = join(answers, 'drift.jsonl')
  await writeRows(file, [])
  for (const { name, file: input } of casesOf(join(data, 'drift', 'data')))
    await learnCase(input, 'api', (out) =>
      writeRows(
        file,
        mapRows(readRows(join(out, 'drift.jsonl')), (row) => driftAnswer(name, row)),
        true,
      ),
    )
  return score(join(data, 'drift', 'score.py'), [file])
}

/** An alert is what opens an incident, or joins one as another kind; not its end, and not a single request. */
const anomalyAnswer = (scenario: string, row: Row): Row | undefined => {
  if (row['kind'] === 'request') return undefined
  const { state, told_at: at } = JSON.parse(String(row['details'])) as { state: string; told_at: number }
  return state === 'open' || state === 'changed' ? { scenario, ts: at / 1e6, alert: row['kind'] } : undefined
}

const strangeAnswer = (scenario: string, row: Row): Row | undefined =>
  row['strangeness'] === undefined
    ? undefined
    : { scenario, i: row['index'], score: row['strangeness'], alarm: row['alarm'] === true }

const runAnomaly = async ({ data, answers }: Places): Promise<boolean> => {
  const file = join(answers, 'anomaly.jsonl')
  await writeRows(file, [])
  for (const { name, file: input } of casesOf(join(data, 'anomaly', 'http')))
    await learnCase(input, 'shop', async (out) => {
      await writeRows(
        file,
        mapRows(readRows(join(out, 'anomalies.jsonl')), (row) => anomalyAnswer(name, row)),
        true,
      )
      await writeRows(
        file,
        mapRows(readRows(join(out, 'exchanges.jsonl')), (row) => strangeAnswer(name, row)),
        true,
      )
    })
  return score(join(data, 'anomaly', 'score_http.py'), [file])
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The whole product between a replaying backend and the harness; settled when the pipeline says that it has caught up. */
const runGhost = async ({ data, answers }: Places): Promise<boolean> => {
  const node = quoted(process.execPath)
  const main = `cd ${quoted(root)} && exec ${node} --import tsx deploy/cli/main.ts`
  const profile = `eval-${process.pid}`
  // As in development: writes are simulated, and answers that are not sure are given too, marked with their confidence.
  const ghost = 'CHAOS_PROXY_SERVICES__0__GHOST__'
  const settings = `export ${ghost}WRITES=simulate ${ghost}MIN_CONFIDENCE=0.1`
  const sut = `${settings}; ${main} dev --target {backend} --port {port} --admin-port $(({port} + 1)) --data-dir {dir} --profile ${profile}`
  const settle = `${node} ${quoted(join(root, 'test/evals/settle.mjs'))} $(({port} + 1))`
  const args = [
    join(data, 'ghost', 'run.py'),
    '--sut',
    sut,
    '--settle',
    settle,
    '--start-timeout',
    '90',
    '--json',
    join(answers, 'ghost.json'),
  ]
  const child = spawn('python3', args, { stdio: 'inherit', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } })
  return new Promise((done) => {
    child.on('error', (error) => {
      console.error(`cannot run python3: ${error.message}; install Python 3.11`)
      done(false)
    })
    child.on('close', (code) => done(code === 0))
  })
}

export const sets: Readonly<Record<string, (places: Places) => Promise<boolean>>> = {
  paths: runPathsOf('paths'),
  'paths-hard': runPathsOf('paths-hard'),
  drift: runDrift,
  anomaly: runAnomaly,
  ghost: runGhost,
}
