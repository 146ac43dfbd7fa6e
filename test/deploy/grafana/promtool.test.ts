/** Prometheus' own tool over our files, where it is installed (apt-get install prometheus). */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { promQueries } from './queries.ts'

const PROMTOOL = process.env['CHAOS_PROXY_TEST_PROMTOOL'] ?? 'promtool'
const folder = fileURLToPath(new URL('../../../deploy/prometheus/', import.meta.url))

const promtool = (...args: string[]): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

const missing = (): boolean => {
  if (promtool('--version').status === 0) return false
  if (process.env['CHAOS_PROXY_NO_SKIP'] === '1') throw new Error('no promtool found: apt-get install prometheus')
  console.warn('SKIPPED: promtool over rules and panels, for want of it (apt-get install prometheus)')
  return true
}

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

describe.skipIf(missing())('promtool', () => {
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
})
