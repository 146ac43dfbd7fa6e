/** Two endpoints turned out to be one: what was learned of both is kept. */
import { absorb } from './histogram.ts'
import { addMinute } from './minute.ts'
import { spreadOf, type Endpoint } from './state.ts'
import type { Manners } from './profile.ts'

const MAX_PARAMETERS = 24

const mergeManners = (into: Manners, from: Manners): void => {
  into.requests += from.requests
  into.novel += from.novel
  into.unauthorised += from.unauthorised
  into.signs += from.signs
  absorb(into.request, from.request)
  absorb(into.response, from.response)
  for (const [name, count, classes, steady] of from.parameters) {
    const known = into.parameters.find((one) => one[0] === name)
    if (known !== undefined) {
      known[1] += count
      known[2] |= classes
    } else if (into.parameters.length < MAX_PARAMETERS) into.parameters.push([name, count, classes, steady])
  }
}

/** Alarms that are raised at the part are not carried over: the whole will tell. */
export const mergeEndpoint = (into: Endpoint, from: Endpoint): void => {
  addMinute(into.minute, from.minute)
  absorb(into.fresh, from.fresh)
  absorb(into.latency, from.latency)
  if (into.latency.total > 0) into.spread = spreadOf(into.latency)
  mergeManners(into.manners, from.manners)
  into.stream.judged += from.stream.judged
  into.stream.failed += from.stream.failed
  into.stream.refused += from.stream.refused
  into.came += from.came
}
