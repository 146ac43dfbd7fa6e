/** Seals what must be read again in full, credentials and all, and by nobody without the folder's key: AES-256-GCM (NIST SP 800-38D). */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { derive } from '../keys.ts'

export interface Vault {
  readonly seal: (plain: Buffer) => Buffer
  /** undefined when another key sealed it, or when a bit of it changed. */
  readonly open: (sealed: Buffer) => Buffer | undefined
}

const NONCE = 12
const TAG = 16

export const openVault = (secret: Uint8Array): Vault => {
  const key = derive(secret, 'queue')
  return {
    seal: (plain) => {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const text = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), text])
    },
    open: (sealed) => {
      if (sealed.length < NONCE + TAG) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG })
      decipher.setAuthTag(sealed.subarray(NONCE, NONCE + TAG))
      try {
        return Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()])
      } catch {
        return undefined
      }
    },
  }
}
