/**
 * The seed: an empty data directory, dumped. A first start from it takes about 1 s instead of 5 (initdb in WebAssembly) and
 * half the memory. Made by the build and laid beside the bundle as `pglite-seed.tar.gz`.
 */
import { PGlite } from '@electric-sql/pglite'

/** Takes some five seconds; 4.5 MB. */
export const makePgliteSeed = async (): Promise<Uint8Array> => {
  const database = await PGlite.create()
  const dump = await database.dumpDataDir('gzip')
  await database.close()
  return new Uint8Array(await dump.arrayBuffer())
}
