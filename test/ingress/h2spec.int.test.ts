/**
 * h2spec's 145 cases (github.com/summerwind/h2spec) over TLS. It needs Go, which fetches and builds it, or H2SPEC with the
 * path of a binary; without either it is left out, and says so.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createAuthority, createLeaf } from '../../deploy/certs.ts'
import { openStand } from './kit/stand.ts'

const MODULE = 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible'
const dir = mkdtempSync(join(tmpdir(), 'cp-h2spec-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Ran {
  readonly text: string
  readonly error: Error | null
}

/** ms. Go fetches and compiles all of it, and its own library, the first time. */
const BUILD = 240_000

const run = (file: string, args: readonly string[], env = process.env): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(file, [...args], { env, timeout: BUILD }, (error, stdout, stderr) =>
      resolve({ text: `${stdout}${stderr}`, error }),
    )
  })

/** Its path, or why there is none. */
const h2spec = async (): Promise<{ readonly path: string } | { readonly missing: string }> => {
  const given = process.env['H2SPEC']
  if (given !== undefined) return { path: given }
  const { text, error } = await run('go', ['install', MODULE], { ...process.env, GOBIN: dir })
  return error === null ? { path: join(dir, 'h2spec') } : { missing: text.trim() || error.message }
}

const openSubject = async () => {
  const leaf = await createLeaf(await createAuthority('tests'), { names: ['localhost'], days: 2, use: 'server' })
  const [cert, key] = [join(dir, 'leaf.pem'), join(dir, 'leaf.key')]
  writeFileSync(cert, leaf.cert)
  writeFileSync(key, leaf.key)
  return await openStand({
    backend: (req, res) => {
      req.resume()
      res.end('an answer of some length '.repeat(10))
    },
    service: { ghost: { mode: 'off' } },
    options: { listen: { host: '127.0.0.1', port: 0, tls: { enabled: true, cert, key } } },
  })
}

it('passes every case of h2spec', { timeout: BUILD + 60_000 }, async (context) => {
  const tool = await h2spec()
  if ('missing' in tool) {
    console.warn(`h2spec is left out: install Go or set H2SPEC to its path (${tool.missing})`)
    return context.skip(tool.missing)
  }
  const stand = await openSubject()
  const { text } = await run(tool.path, ['-t', '-k', '-h', '127.0.0.1', '-p', String(stand.ingress.port)])
  await stand.close()
  const failures = text.slice(text.indexOf('Failures:'))
  expect(text, failures).toContain('145 tests, 145 passed, 0 skipped, 0 failed')
})
