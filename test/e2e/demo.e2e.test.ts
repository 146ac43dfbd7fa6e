/** `npm start`'s show, whole: ghosts answer while the bookstore is dead, and nobody is left without an answer. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { eventually, startCli } from './kit/cli.ts'

const dir = mkdtempSync(join(tmpdir(), 'cp-demo-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('the demo shows an outage that clients hardly notice, and ends when asked to', async () => {
  const started = performance.now()
  const demo = startCli(['demo', '--once', '--json', '--port', '0', '--admin-port', '0'], { cwd: dir })
  try {
    const [line] = await demo.until(/^.*"msg":"judged".*$/m, 100_000)
    expect(performance.now() - started).toBeLessThan(90_000)
    const judged = JSON.parse(line) as {
      right: number
      different: number
      failed: number
      refused: number
      refusedWrites: number
      fidelity: number
      served: number
    }
    expect(judged.failed).toBe(0)
    expect(judged.right).toBeGreaterThan(200)
    expect(judged.fidelity).toBeGreaterThan(0.85)
    expect(judged.served).toBeGreaterThan(0.8)
    const [live] = await demo.until(/^.*"msg":"live again".*$/m, 30_000)
    expect(JSON.parse(live)).toMatchObject({ after: expect.any(Number) as number })
    await eventually('it ends', () => demo.process.exitCode !== null, 30_000)
    expect(demo.process.exitCode).toBe(0)
  } finally {
    await demo.end('SIGKILL')
  }
}, 180_000)
