/** `doctor`: looks at everything that a start needs, and says what is wrong and how to cure it. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../../../schemas/config.ts'
import { placeOf, readRunFile } from '../../roles/place.ts'
import { adminClient } from '../admin.ts'
import { EXIT } from '../failure.ts'
import { checkDatabase, checkLog } from './doctor-log.ts'
import { reach, type Finding } from './doctor-reach.ts'
import { configOf, withPlace, withTarget, type CommonFlags } from '../options.ts'
import { displayPath, openTerminal } from '../terminal.ts'

const LEAST_FREE = 512 * 1024 * 1024

const node = (): Finding => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const fine = major > 20 || (major === 20 && minor >= 19)
  return fine
    ? { check: 'Node', state: 'ok', found: process.versions.node }
    : { check: 'Node', state: 'failed', found: process.versions.node, cure: 'install Node 20.19 or newer' }
}

const folder = (config: Config): Finding => {
  const { root } = placeOf(config)
  let here = root
  while (!existsSync(here)) here = dirname(here)
  try {
    accessSync(here, constants.W_OK)
  } catch {
    return {
      check: 'Data',
      state: 'failed',
      found: `${here} is not writable`,
      cure: 'choose another folder with --data-dir',
    }
  }
  const { bavail, bsize } = statfsSync(here)
  const free = `${displayPath(root)}, ${Math.round((bavail * bsize) / 1024 ** 2)} MiB free`
  return bavail * bsize > LEAST_FREE
    ? { check: 'Data', state: 'ok', found: free }
    : { check: 'Data', state: 'warning', found: free, cure: 'make room, or shorten log.retention' }
}

const running = async (config: Config): Promise<Finding> => {
  const run = readRunFile(placeOf(config))
  if (!run) return { check: 'Running', state: 'ok', found: 'nothing runs on this profile' }
  const runs = [...(run.proxy === '' ? [] : [run.proxy]), `control ${run.admin}`].join(', ')
  const said = await adminClient(run.admin, config.admin.token)
    .get('/livez')
    .then(
      () => '',
      (error: Error) => (error.message.includes('JSON') ? '' : error.message),
    )
  return said === ''
    ? { check: 'Running', state: 'ok', found: `process ${run.pid}: ${runs}` }
    : {
        check: 'Running',
        state: 'failed',
        found: `process ${run.pid}: ${said}`,
        cure: `stop it (kill ${run.pid}) and start again`,
      }
}

const backends = ({ services }: Config): Promise<Finding>[] =>
  services.flatMap((s) =>
    s.upstreams.map((u) =>
      reach(`Backend ${s.name}`, u.url, {
        cure: 'start it; until then ghosts answer, if they have learned',
        state: 'warning',
      }),
    ),
  )

const run = async (flags: CommonFlags): Promise<void> => {
  const loaded = configOf(flags)
  const { config } = loaded
  const findings: Finding[] = [
    node(),
    { check: 'Config', state: 'ok', found: loaded.file ?? 'defaults and environment' },
    folder(config),
    await running(config),
    ...(await Promise.all(backends(config))),
    ...(await Promise.all([checkLog(config), checkDatabase(config)])).flat(),
  ]
  const terminal = openTerminal()
  if (flags.json === true) terminal.print(JSON.stringify(findings))
  else
    for (const { check, state, found, cure } of findings) {
      const colour = state === 'ok' ? 'green' : state === 'warning' ? 'yellow' : 'red'
      terminal.print(`${terminal.paint(colour, state.padEnd(8))} ${check.padEnd(16)} ${found}`)
      if (cure !== undefined) terminal.print(`         ${' '.repeat(16)} ${cure}`)
    }
  if (findings.some((f) => f.state === 'failed')) process.exitCode = EXIT.checkFailed
}

export const registerDoctor = (program: Command): void => {
  withPlace(withTarget(program.command('doctor')))
    .description('look at everything that a start needs')
    .action(run)
}
