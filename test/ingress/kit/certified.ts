/** An authority, and a certificate of it for this machine, as files of a folder of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, createLeaf, type Pair } from '../../../deploy/certs.ts'
import type { ListenTlsOptions } from '../../../ingress/options.ts'

export interface Certified {
  readonly authority: Pair
  /** The authority's certificate, as a file. */
  readonly ca: string
  /** What a listener is given. */
  readonly tls: ListenTlsOptions & { readonly cert: string; readonly key: string }
  readonly remove: () => void
}

export const certify = async (): Promise<Certified> => {
  const authority = await createAuthority('tests')
  const leaf = await createLeaf(authority, { names: ['localhost', '127.0.0.1'], days: 2, use: 'server' })
  const dir = mkdtempSync(join(tmpdir(), 'cp-certified-'))
  const write = (name: string, text: string): string => {
    const file = join(dir, name)
    writeFileSync(file, text)
    return file
  }
  return {
    authority,
    ca: write('ca.pem', authority.cert),
    tls: { enabled: true, cert: write('leaf.pem', leaf.cert), key: write('leaf.key', leaf.key) },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
