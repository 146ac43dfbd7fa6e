/**
 * What is usual among names (methods, agents, parameters): counts, of which the rarest are forgotten by name but not by
 * weight. `rarity` is a conformal p-value (Vovk, Gammerman, Shafer 2005): the share of what was seen that is as rare as this
 * or rarer. A name never seen before is as rare as those seen once, so where new names are usual they are not strange
 * (Good and Turing's estimate of what was not seen yet).
 */
export interface Habit {
  total: number
  /** Weight of names that were forgotten. */
  rest: number
  names: [name: string, count: number][]
}

const MAX_NAMES = 48
const MAX_TOTAL = 50_000

export const newHabit = (): Habit => ({ total: 0, rest: 0, names: [] })

/** The share of what was seen that is as rare as `name`, with this one: above 0, at most 1. */
export const rarityOf = ({ total, rest, names }: Habit, name: string): number => {
  let own = 0
  for (const [known, count] of names) if (known === name) own = count
  if (own * 2 > total) return 1
  let rarer = rest
  const bar = Math.max(1, own)
  for (const [, count] of names) if (count <= bar) rarer += count
  return Math.min(1, (rarer + 1) / (total + 1))
}

const forgetRarest = (habit: Habit): void => {
  const { names } = habit
  let rarest = 0
  for (let i = 0; i < names.length; i++) if ((names[i]?.[1] ?? 0) < (names[rarest]?.[1] ?? 0)) rarest = i
  habit.rest += names[rarest]?.[1] ?? 0
  names.splice(rarest, 1)
}

const halve = (habit: Habit): void => {
  habit.rest = Math.ceil(habit.rest / 2)
  habit.total = habit.rest
  for (const entry of habit.names) {
    entry[1] = Math.ceil(entry[1] / 2)
    habit.total += entry[1]
  }
}

export const learnName = (habit: Habit, name: string): void => {
  habit.total++
  const entry = habit.names.find(([known]) => known === name)
  if (entry !== undefined) entry[1]++
  else {
    if (habit.names.length >= MAX_NAMES) forgetRarest(habit)
    habit.names.push([name, 1])
  }
  if (habit.total > MAX_TOTAL) halve(habit)
}
