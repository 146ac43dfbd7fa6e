/** What was let through since the last look, by service, rule and key: what one process tells the others. */
import type { LimitCount } from '../options-shield.ts'

export interface Tally {
  readonly note: (service: string, rule: string, key: string) => void
  /** Everything since the last time. */
  readonly take: () => readonly LimitCount[]
}

/** Of a flood only so many are told: who comes once owes nothing that would matter elsewhere. */
const MOST = 2000

interface Entry extends LimitCount {
  count: number
}

export const openTally = (): Tally => {
  let entries = new Map<string, Entry>()
  return {
    note: (service, rule, key) => {
      // No name holds a line's end.
      const id = `${service}\n${rule}\n${key}`
      const known = entries.get(id)
      if (known !== undefined) known.count++
      else if (entries.size < MOST) entries.set(id, { service, rule, key, count: 1 })
    },
    take: () => {
      const taken = [...entries.values()]
      if (taken.length > 0) entries = new Map()
      return taken
    },
  }
}
