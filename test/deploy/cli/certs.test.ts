import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from './run.ts'

let dir: string
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'cp-certs-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const cert = (name: string): X509Certificate => new X509Certificate(readFileSync(join(dir, `${name}.pem`)))

test('an authority once, certificates under it again and again', async () => {
  const { code, out } = await run('certs', '--dir', dir, '--host', 'shop.test', '--host', '192.0.2.1', '--days', '7')
  expect([code, out]).toEqual([0, expect.stringContaining('have your clients trust it')])
  const first = cert('ca').fingerprint256
  const leaf = cert('dev')
  expect(leaf.checkIssued(cert('ca')) && leaf.verify(cert('ca').publicKey)).toBe(true)
  expect([leaf.checkHost('shop.test'), leaf.checkIP('192.0.2.1'), leaf.ca, cert('ca').ca]).toEqual([
    'shop.test',
    '192.0.2.1',
    false,
    true,
  ])
  expect((Date.parse(leaf.validTo) - Date.now()) / 86_400_000).toBeCloseTo(7, 1)
  if (process.platform !== 'win32') expect(statSync(join(dir, 'ca.key')).mode & 0o777).toBe(0o600)

  const again = await run('certs', '--dir', dir, '--client', 'ann', '--json')
  expect(JSON.parse(again.out)).toMatchObject({ cert: expect.stringContaining('ann.pem') as string })
  expect(cert('ca').fingerprint256).toBe(first)
  expect(cert('ann').keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  expect(cert('ann').verify(cert('ca').publicKey)).toBe(true)
})

test('an authority whose key is gone is not silently replaced', async () => {
  await run('certs', '--dir', dir)
  unlinkSync(join(dir, 'ca.key'))
  expect(await run('certs', '--dir', dir)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/cannot be read.*\n.*give back/) as string,
  })
  expect(await run('certs', '--dir', dir, '--days', '900')).toMatchObject({ code: 2 })
  expect(await run('certs', '--dir', dir, '--client', 'ca')).toMatchObject({ code: 2 })
})
