/** `npm run check`: types, purity, imports, lint, format, unused. Runs all of them and says which failed. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const ROOMS = ['schemas', 'ingress', 'processors', 'sinks', 'deploy', 'test']
const bin = (path) => [process.execPath, `${root}node_modules/${path}`]
const checks = [
  ['types', [...bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json']],
  ['purity', [...bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.pure.json']],
  [
    'imports',
    [...bin('dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', ...ROOMS],
  ],
  ['lint', [...bin('oxlint/bin/oxlint'), '--deny-warnings', ...ROOMS]],
  ['format', [...bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', ...ROOMS, '*.{ts,json,cjs,md}']],
  ['unused', [...bin('knip/bin/knip.js'), '--no-progress']],
]
const failed = []
for (const [name, [command, ...args]] of checks) {
  const start = Date.now()
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
  if (status === 0) continue
  failed.push(name)
  console.log(`${stdout}${stderr}`)
}
if (failed.length > 0) {
  console.log(`check failed: ${failed.join(', ')}`)
  process.exit(1)
}
