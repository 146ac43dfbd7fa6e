import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-purity-'))
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'tsconfig.pure.json', 'package.json'])
    cpSync(join(root, file), join(dir, file))
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const plant = (name: string, text: string): void => {
  mkdirSync(dirname(join(dir, name)), { recursive: true })
  writeFileSync(join(dir, name), text)
}
const lint = (file: string): string =>
  spawnSync(join(root, 'node_modules/.bin/oxlint'), [file], { cwd: dir, encoding: 'utf8' }).stdout

const PURE_FILES = [
  'schemas/semantics/a.ts',
  'ingress/phases/a.ts',
  'ingress/balance/a.ts',
  'ingress/faults/a.ts',
  'processors/kit/a.ts',
  'processors/templates/a.ts',
  'processors/shapes/a.ts',
  'processors/traffic/a.ts',
  'processors/ghosts/a.ts',
]

test.each(PURE_FILES)('a clock, chance or a timer in %s is caught by the linter', (file) => {
  plant(file, 'export const f = (): unknown => [Date.now(), Math.random(), setTimeout(() => 1, 5)]\n')
  const out = lint(file)
  expect(out).toContain('no-restricted-properties')
  expect(out).toContain('no-restricted-globals')
  expect(out).toMatch(/3 errors/)
})

test('the same in a file that may have them is no error', () => {
  plant('deploy/a.ts', 'export const f = (): unknown => [Date.now(), Math.random()]\n')
  expect(lint('deploy/a.ts')).toContain('0 errors')
})

test('Node’s globals do not exist for the compiler in pure code', () => {
  plant('schemas/semantics/b.ts', 'export const b = Buffer.alloc(1)\nexport const p = process.pid\n')
  const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.pure.json'], {
    cwd: dir,
    encoding: 'utf8',
  })
  expect(tsc.stdout).toContain("'Buffer'")
  expect(tsc.stdout).toContain("'process'")
})
