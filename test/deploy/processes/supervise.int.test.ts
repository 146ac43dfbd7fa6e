/** A role's process that dies, hangs or cannot start, as its supervisor sees it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { superviseRole, type Supervised } from '../../../deploy/processes/supervise.ts'
import { loggerOf } from '../../../deploy/cli/logger.ts'
import { loadConfig } from '../../../deploy/config/load.ts'
import { openEmbeddedLog } from '../../../processors/runtime/logs/embedded/log.ts'
import { placeOf } from '../../../deploy/roles/place.ts'
import type { Config } from '../../../schemas/config.ts'
import { eventually } from '../../e2e/kit/cli.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

let dir: string
let said: string[]
let supervised: Supervised | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-supervise-'))
  said = []
})
afterEach(async () => {
  await supervised?.stop()
  supervised = undefined
  rmSync(dir, { recursive: true, force: true })
})

const configWith = (environment: Record<string, string> = {}): Config =>
  loadConfig({ environment: { CHAOS_PROXY_LOG__DIR: dir, ...environment }, flags: [] }).config

const supervise = (config = configWith()): Supervised => {
  supervised = superviseRole({
    role: 'processors',
    config,
    logger: loggerOf((level, _obj, msg) => said.push(`${level} ${msg}`)),
    onNotice: () => undefined,
    allMetrics: async () => [],
    onCommand: () => undefined,
    heartbeat: { everyMs: 300, misses: 6 },
    entry: `${root}deploy/cli/main.ts`,
    execArgv: ['--import', `${root}node_modules/tsx/dist/loader.mjs`],
  })
  return supervised
}

test('a process that hangs is noticed, killed and replaced; one that answers is left alone', async () => {
  const role = supervise()
  expect(await role.started).toMatchObject({ partitions: expect.any(Number) as number })
  const first = role.pid() as number
  // Longer than it takes to notice one that hangs.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect([role.pid(), said.filter((line) => /^(warn|error)/.test(line))]).toEqual([first, []])
  process.kill(first, 'SIGSTOP')
  await eventually('it runs again', () => said.includes('info processors runs again'), 20_000)
  expect(role.pid()).not.toBe(first)
  expect(said).toContain('error processors does not answer any more: killing it')
})

test('a first start that cannot work is told, with the reason, and not tried again', async () => {
  const config = configWith()
  const log = await openEmbeddedLog({ dir: placeOf(config).log, writer: 'processors' })
  await expect(supervise(config).started).rejects.toMatchObject({ code: 'locked' })
  expect(said.filter((line) => line.includes('next try'))).toEqual([])
  await log.close()
})

test('one that is killed while it starts for the first time is started again', async () => {
  const role = supervise()
  await eventually('it is forked', () => role.pid() !== undefined)
  process.kill(role.pid() as number, 'SIGKILL')
  expect(await role.started).toMatchObject({ partitions: expect.any(Number) as number })
  expect(said.filter((line) => line.includes('next try'))).toHaveLength(1)
})

test('a stop while it starts leaves no process behind', async () => {
  const role = supervise()
  await eventually('it is forked', () => role.pid() !== undefined)
  const pid = role.pid() as number
  await role.stop()
  const lives = (): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  await eventually('it is gone', () => !lives(), 10_000)
})
