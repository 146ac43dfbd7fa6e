import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { takeLock } from '../../../../../processors/runtime/logs/embedded/lock.ts'
import { LogError } from '../../../../../schemas/log.ts'
import { tempDir } from './kit.ts'

const lockFile = (dir: string): string => path.join(dir, 'lock')

/** The lock as this process would write it, changed. */
const forge = (dir: string, change: Record<string, unknown>): void => {
  const lock = takeLock(dir, 'ingress')
  const mine = JSON.parse(fs.readFileSync(lockFile(dir), 'utf8')) as Record<string, unknown>
  lock.release()
  fs.writeFileSync(lockFile(dir), JSON.stringify({ ...mine, ...change }))
}

const refusal = (dir: string): LogError => {
  try {
    takeLock(dir, 'second').release()
  } catch (error) {
    if (error instanceof LogError) return error
    throw error
  }
  throw new Error('the lock was given')
}

describe('the lock', () => {
  test('a second taker is refused, and told by whom', () => {
    const dir = tempDir()
    const lock = takeLock(dir, 'ingress')
    const { code, message } = refusal(dir)
    expect(code).toBe('locked')
    expect(message).toContain(`ingress (process ${process.pid} on `)
    lock.check()
    lock.release()
    takeLock(dir, 'second').release()
    expect(fs.readdirSync(dir)).toEqual([])
  })

  test('the lock of a process that died is taken over', async () => {
    const dir = tempDir()
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    forge(dir, { pid: child.pid })
    takeLock(dir, 'second').release()
  })

  test('a process id that was given to another process, or is of another boot, deceives nobody', () => {
    const dir = tempDir()
    forge(dir, { started: '1' })
    takeLock(dir, 'second').release()
    forge(dir, { boot: 'another' })
    takeLock(dir, 'second').release()
  })

  test('a lock from another host holds while it is touched', () => {
    const dir = tempDir()
    forge(dir, { host: 'elsewhere', pid: 1 })
    expect(refusal(dir).message).toContain('process 1 on elsewhere')
    const minuteAgo = new Date(Date.now() - 60_000)
    fs.utimesSync(lockFile(dir), minuteAgo, minuteAgo)
    takeLock(dir, 'second').release()
  })

  test('a holder whose lock was taken notices, and does not release the other’s', () => {
    const dir = tempDir()
    const lock = takeLock(dir, 'ingress')
    fs.unlinkSync(lockFile(dir))
    const other = takeLock(dir, 'second')
    expect(() => lock.check()).toThrow(/held by another process/)
    lock.release()
    other.check()
    other.release()
  })

  test('half a lock file is nobody’s', () => {
    const dir = tempDir()
    fs.writeFileSync(lockFile(dir), '{"pid":')
    takeLock(dir, 'second').release()
  })
})
