/**
 * Builds the published package: one entry, lazy chunks, no runtime dependencies. The result in dist/ is a package of its
 * own (`npm pack ./dist`), whose install runs no script and fetches nothing else.
 */
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = process.env.CHAOS_PROXY_DIST ?? `${root}dist`
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
/** Compiled at install, or not at all: whoever wants them installs them beside us. */
const optional = { 'node-rdkafka': '^3.6.1', '@tensorflow/tfjs-node': '^4.22.0' }

/** Packages written for require() ask for Node's modules by it. */
const banner =
  "import { createRequire as cpCreateRequire } from 'node:module'; const require = cpCreateRequire(import.meta.url);"

const bundle = () =>
  build({
    entryPoints: {
      'chaos-proxy': `${root}deploy/cli/main.ts`,
      'pglite-server': `${root}sinks/postgres/pglite-server.ts`,
      'model-trainer': `${root}processors/model/tfjs/worker.ts`,
    },
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Flat: files that a chunk finds by its own address lie beside it.
    chunkNames: '[name]-[hash]',
    // Identifiers stay as they are: stacks can be read, and packages that look at names find them, without the call for
    // every function that keeping names through a renaming costs.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    external: [...Object.keys(optional), 'pg-native', 'pino-pretty'],
    define: { CHAOS_PROXY_VERSION: JSON.stringify(manifest.version) },
    banner: { js: banner },
    logLevel: 'warning',
    metafile: true,
  })

const copyFiles = () => {
  const pglite = `${root}node_modules/@electric-sql/pglite/dist`
  for (const file of ['pglite.wasm', 'pglite.data', 'initdb.wasm']) copyFileSync(`${pglite}/${file}`, `${out}/${file}`)
  // The other two variants of it are for browsers without SIMD, and for threads that Node does not lend it.
  const wasm = 'tfjs-backend-wasm-simd.wasm'
  copyFileSync(`${root}node_modules/@tensorflow/tfjs-backend-wasm/dist/${wasm}`, `${out}/${wasm}`)
  if (existsSync(`${root}sinks/console/page`)) cpSync(`${root}sinks/console/page`, `${out}/page`, { recursive: true })
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt'])
    copyFileSync(`${root}node_modules/swagger-ui-dist/${file}`, `${out}/page/${file}`)
  for (const file of ['README.md', 'LICENSE']) if (existsSync(root + file)) copyFileSync(root + file, `${out}/${file}`)
}

/** An empty database, ready to be unpacked: four seconds less at the first start. Made in a process of its own, through tsx. */
const makeSeed = () => {
  const code = `import { writeFileSync } from 'node:fs'
const { makePgliteSeed } = await import(${JSON.stringify(`${root}sinks/postgres/seed.ts`)})
writeFileSync(${JSON.stringify(`${out}/pglite-seed.tar.gz`)}, await makePgliteSeed())
process.exit(0)`
  const made = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (made.status !== 0) throw new Error('the seed of the embedded database could not be made')
}

const writeManifest = () => {
  const { name, version, description, license, type, engines } = manifest
  const published = {
    name,
    version,
    description,
    license,
    type,
    engines,
    bin: { 'chaos-proxy': 'chaos-proxy.js' },
    peerDependencies: optional,
    peerDependenciesMeta: Object.fromEntries(Object.keys(optional).map((peer) => [peer, { optional: true }])),
  }
  writeFileSync(`${out}/package.json`, `${JSON.stringify(published, null, 2)}\n`)
}

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await bundle()
const entry = `${out}/chaos-proxy.js`
writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, 'utf8')}`)
chmodSync(entry, 0o755)
copyFiles()
makeSeed()
writeManifest()
const files = readdirSync(out)
const size = files.reduce((sum, file) => sum + statSync(`${out}/${file}`).size, 0)
process.stdout.write(`${out}: ${files.length} files, ${(size / 1e6).toFixed(1)} MB; pack it with: npm pack ./dist\n`)
