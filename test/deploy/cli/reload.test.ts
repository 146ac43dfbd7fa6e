import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loggerOf } from '../../../deploy/cli/logger.ts'
import { reloadOnce } from '../../../deploy/cli/reload.ts'
import { loadConfig, type Loaded } from '../../../deploy/config/load.ts'
import type { Config } from '../../../schemas/config.ts'

let dir: string
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'cp-reload-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const write = (config: object): void => writeFileSync(join(dir, 'c.yaml'), JSON.stringify(config))
const load = (): Loaded => loadConfig({ file: { path: join(dir, 'c.yaml'), named: true }, environment: {}, flags: [] })
const services = (...urls: string[]) => [{ name: 'shop', upstreams: urls.map((url) => ({ url })) }]

/** What is applied, and what is told, by one reload. */
const reload = async (loaded: Loaded): Promise<{ applied: Config[]; told: unknown[] }> => {
  const applied: Config[] = []
  const told: unknown[] = []
  const apply = (config: Config): void => void applied.push(config)
  await reloadOnce({ loaded, load, apply, logger: loggerOf((level, obj) => told.push([level, obj])) })
  return { applied, told }
}

test('a new configuration is applied; what it cannot change is told', async () => {
  write({ services: services('http://a') })
  const loaded = load()
  write({ services: services('http://a', 'http://b'), listen: { port: 1 } })
  const { applied, told } = await reload(loaded)
  expect(applied.map((config) => config.services[0]?.upstreams.length)).toEqual([2])
  expect(told).toEqual([
    ['info', { file: join(dir, 'c.yaml') }],
    ['warn', { left: ['listen changed'] }],
  ])
})

test('one that is wrong is told with its places, and nothing is applied', async () => {
  write({ services: services('http://a') })
  const loaded = load()
  write({ services: services('nowhere') })
  const { applied, told } = await reload(loaded)
  expect(applied).toEqual([])
  expect(JSON.stringify(told)).toMatch(/error.*c\.yaml:1:.*expected an address/)
})
