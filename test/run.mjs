/**
 * `npm test`: every test. Unit tests side by side, then those that need servers, processes or quiet one after the other.
 * What cannot run here is skipped and said loudly; CHAOS_PROXY_NO_SKIP=1 forbids that.
 * `npm test -- unit`, `npm test -- slow`, or any arguments of vitest, narrow it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
const only = words[0] === 'unit' || words[0] === 'slow' ? words.shift() : undefined
const scratch = mkdtempSync(join(tmpdir(), 'chaos-proxy-test-'))
const RAN = new Set(['passed', 'failed'])
const total = { passed: 0, failed: 0, skipped: 0 }
let status = 0

const run = (project) => {
  const report = join(scratch, `${project}.json`)
  const args = [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...words,
  ]
  const env = { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' }
  const result = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  })
  if (result.status !== 0) status = result.status ?? 1
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  total.passed += numPassedTests
  total.failed += numFailedTests
  total.skipped += numPendingTests
  return testResults.flatMap((f) =>
    f.assertionResults.filter((a) => !RAN.has(a.status)).map((a) => `${f.name.slice(root.length)}: ${a.fullName}`),
  )
}

const skipped = []
try {
  if (only !== 'slow') skipped.push(...run('unit'))
  if (only !== 'unit') skipped.push(...run('slow'))
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
if (skipped.length > 0) {
  console.log(`\n!!! ${skipped.length} TESTS WERE SKIPPED on this machine:`)
  for (const name of skipped) console.log(`!!!   ${name}`)
  if (process.env.CHAOS_PROXY_NO_SKIP) status ||= 1
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(status)
