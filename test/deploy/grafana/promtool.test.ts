/** Prometheus' own tool over our files, where it is installed (apt-get install prometheus). */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { promQueries, rules } from './queries.ts'

const PROMTOOL = process.env['CHAOS_PROXY_TEST_PROMTOOL'] ?? 'promtool'
const folder = fileURLToPath(new URL('../../../deploy/prometheus/', import.meta.url))

const promtool = (...args: string[]): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

/** Not asked of every machine, as servers are: what it checks beyond the other tests is syntax, and that alerts fire. */
const installed = promtool('--version').status === 0
if (!installed)
  console.warn('not checked: rules and panels by promtool, which is not here (apt-get install prometheus)')

/** Expressions as recording rules, which is what the tool reads. */
const asRules = (): string => {
  const exprs = promQueries()
    .map(({ text }) => text)
    .filter((text) => !text.startsWith('label_values'))
    .map((text) => text.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h').replaceAll('$service', '.*'))
  return JSON.stringify({
    groups: [{ name: 'panels', rules: exprs.map((expr, i) => ({ record: `panel_${i}`, expr })) }],
  })
}

test('every alert says how bad it is and what it means; those that are tested exist', () => {
  const names = rules().map(({ alert }) => alert)
  expect(new Set(names).size).toBe(names.length)
  for (const { labels, annotations } of rules()) {
    expect(labels['severity']).toMatch(/^(critical|warning)$/)
    expect([annotations['summary'], annotations['description']]).not.toContain(undefined)
  }
  const tested = readFileSync(`${folder}rules.test.yaml`, 'utf8').matchAll(/alertname: (\w+)/g)
  for (const [, name] of tested) expect(names).toContain(name)
})

if (installed) {
  test('the rules are rules, and fire when they should', () => {
    expect(promtool('check', 'rules', `${folder}rules.yaml`)).toMatchObject({ status: 0 })
    expect(promtool('test', 'rules', `${folder}rules.test.yaml`)).toMatchObject({ status: 0 })
    expect(promtool('check', 'config', '--syntax-only', `${folder}prometheus.yaml`)).toMatchObject({ status: 0 })
  })

  test('every expression of a panel is PromQL', () => {
    const dir = mkdtempSync(join(tmpdir(), 'cp-promtool-'))
    writeFileSync(join(dir, 'panels.yaml'), asRules())
    const checked = promtool('check', 'rules', join(dir, 'panels.yaml'))
    rmSync(dir, { recursive: true, force: true })
    expect(checked).toMatchObject({ status: 0 })
  })
}
