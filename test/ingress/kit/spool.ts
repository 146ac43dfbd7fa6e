/** A spool in memory with a bound, for tests of the emitter. */
import { LogError, type Spool, type SpooledRecord } from '../../../schemas/log.ts'

export const memorySpool = (
  bound = Number.POSITIVE_INFINITY,
): Spool & { readonly records: readonly SpooledRecord[] } => {
  const records: SpooledRecord[] = []
  return {
    records,
    push: async (more) => {
      await Promise.resolve()
      if (records.length + more.length > bound)
        throw new LogError('spool-full', `the spool holds at most ${bound} events`)
      records.push(...more)
    },
    peek: async (limit) => records.slice(0, limit),
    drop: async (count) => void records.splice(0, count),
    get size() {
      return { records: records.length, bytes: records.reduce((sum, r) => sum + (r.value?.length ?? 0), 0) }
    },
    close: async () => undefined,
  }
}
