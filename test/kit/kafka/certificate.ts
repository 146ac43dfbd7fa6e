/** A certificate for 127.0.0.1 that signs itself: what it names is whom it trusts. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  /** PEM files. */
  readonly cert: string
  readonly key: string
  /** Both in one, as the broker wants them. */
  readonly both: string
}

/** Undefined where openssl is not installed. */
export const makeCertificate = (dir: string): Certificate | undefined => {
  const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync('openssl', [...args, ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  if (made.status !== 0) return undefined
  writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'))
  return { cert, key, both }
}
