/**
 * The faults in force: what operators ordered on `control`, kept by this process until its end comes. The end is held here,
 * by two clocks: a fault is over when either says so, whatever became of who ordered it.
 */
import type { Control } from '../../schemas/events.ts'
import { faultRuleSchema, LONGEST_FAULT_MS, type FaultRule } from '../../schemas/faults.ts'
import { openFault, type ActiveFault, type PrincipalOf } from '../faults/rule.ts'
import type { Logger } from '../options.ts'

export interface FaultsSettings {
  readonly principalOf: PrincipalOf
  /** µs since the epoch. */
  readonly wall: () => number
  /** ms, monotonic: a clock that is set back lengthens no fault. */
  readonly clock: () => number
  readonly logger: Logger
}

export interface Faults {
  readonly active: () => readonly ActiveFault[]
  /** A word on `control` under `fault/…`; undefined: it was taken back. Under `fault/*` it is the switch for all. */
  readonly obey: (key: string, word: Control | undefined) => void
}

interface Entry {
  /** All but its end. */
  readonly text: string
  readonly fault: ActiveFault
  readonly until: number
  readonly deadline: number
}

const ALL = 'fault/*'
const NONE: readonly ActiveFault[] = []

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The rule, or what is wrong with it. */
const ruleOf = ({ value, at }: Control): FaultRule | string => {
  const parsed = faultRuleSchema.safeParse(parse(value))
  if (!parsed.success) return parsed.error.issues[0]?.message ?? 'not understood'
  if (parsed.data.until - at > LONGEST_FAULT_MS * 1000) return 'it lasts longer than a day'
  return parsed.data
}

const isStop = (value: string): boolean => (parse(value) as { stopped?: unknown } | undefined)?.stopped === true

export const openFaults = ({ principalOf, wall, clock, logger }: FaultsSettings): Faults => {
  const entries = new Map<string, Entry>()
  let stopped = false
  let active: readonly ActiveFault[] = NONE
  let nextEnd = Number.POSITIVE_INFINITY
  let nextDeadline = Number.POSITIVE_INFINITY

  const isOver = ({ until, deadline }: Entry): boolean => wall() >= until || clock() >= deadline
  const settle = (): void => {
    for (const [key, entry] of entries) {
      if (!isOver(entry)) continue
      entries.delete(key)
      logger.info({ fault: key }, 'a fault has ended')
    }
    const all = [...entries.values()]
    active = stopped || all.length === 0 ? NONE : all.map(({ fault }) => fault)
    nextEnd = Math.min(...all.map(({ until }) => until))
    nextDeadline = Math.min(...all.map(({ deadline }) => deadline))
  }
  const order = (key: string, word: Control): void => {
    const rule = ruleOf(word)
    if (typeof rule === 'string') {
      entries.delete(key)
      return logger.warn({ fault: key, reason: rule }, 'a fault that was ordered is not understood, and does not begin')
    }
    const { until } = rule
    const text = JSON.stringify({ ...rule, until: 0 })
    const known = entries.get(key)
    if (known?.text === text && known.until === until) return
    // Whoever holds a fault for long orders it again and again: the count of what it struck goes on.
    const fault = known?.text === text ? known.fault : openFault(rule, principalOf)
    entries.set(key, { text, fault, until, deadline: clock() + (until - wall()) / 1000 })
    if (fault !== known?.fault && until > wall())
      logger.warn({ fault: key, by: word.by, kind: rule.fault.kind }, 'a fault begins')
  }
  return {
    active: () => {
      if (active !== NONE && (wall() >= nextEnd || clock() >= nextDeadline)) settle()
      return active
    },
    obey: (key, word) => {
      if (key === ALL) stopped = word !== undefined && isStop(word.value)
      else if (word === undefined) entries.delete(key)
      else order(key, word)
      settle()
    },
  }
}
