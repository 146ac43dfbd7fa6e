/** A real Prometheus over the metrics of a test, with the product's own rules: a port and a folder of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface TestPrometheus {
  /** What it says to an expression now. Rejects with its complaint. */
  ask(expr: string): Promise<readonly Series[]>
  /** What Grafana offers for `label_values(metric, label)`. */
  labelValues(metric: string, label: string): Promise<readonly string[]>
  /** Rules that it cannot evaluate, each with its complaint. */
  unwellRules(): Promise<readonly string[]>
  stop(): Promise<void>
}

const PROMETHEUS = process.env['CHAOS_PROXY_TEST_PROMETHEUS'] ?? 'prometheus'
const RULES = fileURLToPath(new URL('../../../deploy/prometheus/rules.yaml', import.meta.url))

/** Between two looks at the metrics, and at the rules; a look may take as long. */
const SCRAPE = '1s'

export const prometheusIsHere = (): boolean => spawnSync(PROMETHEUS, ['--version']).status === 0

/** As deploy/prometheus/prometheus.yaml names them; each role is asked at the one page of all. */
const configOf = (target: string): string =>
  JSON.stringify({
    global: { scrape_interval: SCRAPE, scrape_timeout: SCRAPE, evaluation_interval: SCRAPE },
    rule_files: [RULES],
    scrape_configs: [{ job_name: 'console', static_configs: [{ targets: [target] }] }],
  })

interface Answer<T> {
  readonly status: string
  readonly error?: string
  readonly data: T
}

interface Vector {
  readonly resultType: string
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[]
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]
  }[]
}

const asked = async <T>(url: string): Promise<T> => {
  const answer = (await (await fetch(url)).json()) as Answer<T>
  if (answer.status !== 'success') throw new Error(answer.error)
  return answer.data
}

const run = async (dir: string): Promise<{ url: string; end: () => Promise<void> }> => {
  const args = [`--config.file=${dir}/p.yaml`, `--storage.tsdb.path=${dir}/data`, '--web.listen-address=127.0.0.1:0']
  const child = spawn(PROMETHEUS, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said: string[] = []
  const lines = createInterface({ input: child.stderr })
  const port = new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line)
      const [, found] = /msg="?Listening on"? address=127\.0\.0\.1:(\d+)/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    void exited.then(() => reject(new Error(`prometheus ended: ${said.slice(-3).join('\n')}`)))
  })
  return {
    url: `http://127.0.0.1:${await port}/api/v1/`,
    end: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

export const startPrometheus = async (metrics: () => Promise<string>): Promise<TestPrometheus> => {
  let text = ''
  let next: Promise<void> | undefined
  const page = createServer((_, res) => {
    // As they were at the look before: what is slow to come would be a look without an answer, which draws nothing.
    res.setHeader('content-type', 'text/plain; version=0.0.4').end(text)
    next ??= metrics()
      .then(
        (now) => void (text = now),
        () => undefined,
      )
      .finally(() => (next = undefined))
  })
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
  const dir = mkdtempSync(join(tmpdir(), 'cp-prometheus-'))
  writeFileSync(join(dir, 'p.yaml'), configOf(`127.0.0.1:${(page.address() as AddressInfo).port}`))
  const { url, end } = await run(dir)
  return {
    ask: async (expr) => {
      const { result } = await asked<Vector>(`${url}query?query=${encodeURIComponent(expr)}`)
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
    },
    labelValues: (metric, label) =>
      asked<readonly string[]>(`${url}label/${label}/values?match[]=${encodeURIComponent(metric)}`),
    unwellRules: async () => {
      const rules = (await asked<Rules>(`${url}rules`)).groups.flatMap((group) => group.rules)
      if (rules.length === 0) return ['it has no rules']
      return rules.filter(({ health }) => health === 'err').map(({ name, lastError }) => `${name}: ${lastError}`)
    },
    stop: async () => {
      await end()
      page.closeAllConnections()
      await new Promise((resolve) => page.close(resolve))
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
