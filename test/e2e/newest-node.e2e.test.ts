/** The unit tests again under the newest LTS of Node, which comes as an npm package. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'

const NEWEST_LTS = '24'
const root = fileURLToPath(new URL('../../', import.meta.url))
const home = join(root, `node_modules/.cache/node-${NEWEST_LTS}`)
const node = join(home, 'node_modules/node/bin/node')

beforeAll(() => {
  if (existsSync(node)) return
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{"private":true}')
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `node@${NEWEST_LTS}`], { cwd: home, stdio: 'pipe' })
}, 180_000)

test(`the unit tests pass on Node ${NEWEST_LTS}`, () => {
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(new RegExp(`^v${NEWEST_LTS}\\.`))
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  // The same tests ran in processes of their own before: here several files share one, which takes half the time.
  const result = spawnSync(node, [vitest, 'run', '--project', 'unit', '--no-isolate', '--reporter=dot'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(result.status, result.stdout.slice(-4000) + result.stderr.slice(-2000)).toBe(0)
}, 300_000)
