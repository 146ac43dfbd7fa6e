/** The worker of the kill tests as one file: Node starts it in a quarter of a second, through tsx it takes seconds. */
import { build } from 'esbuild'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Bundles `kill-worker.ts` into `dir`; resolves with the file. */
export const bundleWorker = async (dir: string): Promise<string> => {
  const outfile = join(dir, 'kill-worker.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./kill-worker.ts', import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['node-rdkafka'],
    // Packages written for require() ask for Node's modules by it.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  return outfile
}
