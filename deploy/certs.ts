/**
 * A certificate authority of one's own and certificates under it, for development. P-256 (ECDSA), since every client takes
 * it and it costs a handshake least. The authority can sign nothing but leaves, and a leaf lives no longer than browsers allow.
 */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

export interface Pair {
  /** PEM. */
  readonly cert: string
  readonly key: string
}

export interface LeafOptions {
  /** Host names and addresses; the first is the subject's. */
  readonly names: readonly string[]
  readonly days: number
  readonly use: 'server' | 'client'
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { ...ALGORITHM, hash: 'SHA-256' }
const DAY = 24 * 3_600_000
/** Clocks differ: a certificate made now is good on a machine that is a little behind. */
const SKEW = 3_600_000
const YEARS_OF_AUTHORITY = 10

type Keys = webcrypto.CryptoKeyPair

const newKeys = (): Promise<Keys> => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

const keyPem = async ({ privateKey }: Keys): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')}\n`

const certPem = (cert: x509.X509Certificate): string => `${cert.toString('pem')}\n`

const serial = (): string => Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString('hex')

const lifetime = (days: number): { notBefore: Date; notAfter: Date } => {
  const now = Date.now()
  return { notBefore: new Date(now - SKEW), notAfter: new Date(now + days * DAY) }
}

/** A new authority. */
export const createAuthority = async (name: string): Promise<Pair> => {
  x509.cryptoProvider.set(webcrypto)
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}, O=Chaos-Proxy development`,
    ...lifetime(YEARS_OF_AUTHORITY * 365),
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: certPem(cert), key: await keyPem(keys) }
}

const USES = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth }

const alternative = (name: string): x509.JsonGeneralName => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })

/** A new certificate under an authority. */
export const createLeaf = async (authority: Pair, { names, days, use }: LeafOptions): Promise<Pair> => {
  x509.cryptoProvider.set(webcrypto)
  const issuer = new x509.X509Certificate(authority.cert)
  const der = x509.PemConverter.decodeFirst(authority.key)
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: new x509.Name([{ CN: [names[0] ?? use] }]).toString(),
    issuer: issuer.subject,
    ...lifetime(days),
    signingAlgorithm: SIGNING,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([USES[use]]),
      new x509.SubjectAlternativeNameExtension(names.map(alternative)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return { cert: certPem(cert), key: await keyPem(keys) }
}
