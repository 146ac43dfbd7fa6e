import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const CONFIG = '.dependency-cruiser.cjs'
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-imports-'))
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
  cpSync(join(root, CONFIG), join(dir, CONFIG))
  cpSync(join(root, 'package.json'), join(dir, 'package.json'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The rules that a tree of files breaks. */
const broken = (files: Readonly<Record<string, string>>): string[] => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  const rooms = [...new Set(Object.keys(files).map((f) => f.split('/')[0] as string))]
  const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const run = (): string =>
    execFileSync(process.execPath, [cli, '--config', CONFIG, '--output-type', 'json', ...rooms], {
      cwd: dir,
      encoding: 'utf8',
    })
  const output = ((): string => {
    try {
      return run()
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  })()
  for (const room of rooms) rmSync(join(dir, room), { recursive: true, force: true })
  const { summary } = JSON.parse(output) as { summary: { violations: { rule: { name: string } }[] } }
  return [...new Set(summary.violations.map((v) => v.rule.name))]
}

const leaf = 'export const x = 1\n'
const imports = (what: string): string => `import { x } from '${what}'\nexport const y = x\n`
const planted: readonly (readonly [rule: string, files: Readonly<Record<string, string>>])[] = [
  ['schemas-are-the-floor', { 'schemas/a.ts': imports('../sinks/b.ts'), 'sinks/b.ts': leaf }],
  ['rooms-meet-only-on-the-log', { 'ingress/a.ts': imports('../processors/b.ts'), 'processors/b.ts': leaf }],
  ['rooms-meet-only-on-the-log', { 'sinks/a.ts': imports('../ingress/b.ts'), 'ingress/b.ts': leaf }],
  [
    'processors-do-not-know-each-other',
    { 'processors/shapes/a.ts': imports('../traffic/b.ts'), 'processors/traffic/b.ts': leaf },
  ],
  ['sinks-do-not-know-each-other', { 'sinks/console/a.ts': imports('../resend/b.ts'), 'sinks/resend/b.ts': leaf }],
  [
    'runtime-hosts-any-processor',
    { 'processors/runtime/a.ts': imports('../shapes/b.ts'), 'processors/shapes/b.ts': leaf },
  ],
  ['pure-code-has-no-io', { 'schemas/semantics/a.ts': imports('node:fs') }],
  ['pure-code-has-no-io', { 'processors/ghosts/a.ts': imports('zod') }],
  ['pure-code-has-no-io', { 'ingress/phases/a.ts': imports('undici') }],
  ['one-home-per-driver', { 'ingress/edge/a.ts': imports('kafkajs') }],
  ['one-home-per-driver', { 'processors/runtime/a.ts': imports('undici') }],
  ['one-home-per-driver', { 'deploy/a.ts': imports('pg') }],
  [
    'log-adapters-are-chosen-in-deploy',
    { 'processors/runtime/a.ts': imports('./logs/b.ts'), 'processors/runtime/logs/b.ts': leaf },
  ],
  ['nobody-imports-deploy', { 'sinks/a.ts': imports('../deploy/b.ts'), 'deploy/b.ts': leaf }],
  ['product-does-not-import-tests', { 'deploy/a.ts': imports('../test/b.ts'), 'test/b.ts': leaf }],
  ['no-circles', { 'deploy/a.ts': imports('./b.ts'), 'deploy/b.ts': imports('./a.ts') }],
  ['no-orphans', { 'sinks/a.ts': leaf }],
]

test.each(planted)('%s is caught', (rule, files) => expect(broken(files)).toContain(rule))

test('a clean tree breaks no rule', () => {
  expect(broken({ 'deploy/a.ts': imports('../schemas/b.ts'), 'schemas/b.ts': leaf })).toEqual([])
})
