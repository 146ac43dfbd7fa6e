/** What is learned of requests: from strange ones little, so that an attack does not become what is usual by going on. */
import type { Observation } from '../kit/processor.ts'
import type { Client } from './client.ts'
import { learnName } from './habit.ts'
import { addBucket, bucketOf, emptyHistogram, absorb, type Histogram } from './histogram.ts'
import { MAX_FIELDS, type Manners, type Parameter, type Profile } from './profile.ts'
import { attackIn, attackInBody, classesOf, isOverriding } from './signs.ts'

const MAX_PARAMETERS = 24

const learnParameter = (manners: Manners, name: string, value: string): boolean => {
  const classes = classesOf(value)
  const known = manners.parameters.find((one) => one[0] === name)
  if (known === undefined) {
    if (manners.parameters.length >= MAX_PARAMETERS) forgetRarest(manners.parameters)
    manners.parameters.push([name, 1, classes, 0])
    return true
  }
  known[1]++
  known[3] = (classes & ~known[2]) === 0 ? known[3] + 1 : 0
  known[2] |= classes
  return false
}

const forgetRarest = (parameters: Parameter[]): void => {
  let rarest = 0
  for (let i = 0; i < parameters.length; i++) if ((parameters[i]?.[1] ?? 0) < (parameters[rarest]?.[1] ?? 0)) rarest = i
  parameters.splice(rarest, 1)
}

const MAX_NAME = 64

const learnFields = (manners: Manners, body: Observation['requestJson']): void => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return
  const fields = (manners.fields ??= [])
  const fresh = Object.keys(body).filter((name) => name.length <= MAX_NAME && !fields.includes(name))
  fields.push(...fresh.slice(0, MAX_FIELDS - fields.length))
  manners.bodies = (manners.bodies ?? 0) + 1
  if (fresh.length > 0) manners.novelFields = (manners.novelFields ?? 0) + 1
}

const MAX_REQUESTS = 50_000

const fade = (manners: Manners): void => {
  manners.requests /= 2
  manners.novel /= 2
  manners.unauthorised /= 2
  manners.signs /= 2
  if (manners.bodies !== undefined) manners.bodies /= 2
  if (manners.novelFields !== undefined) manners.novelFields /= 2
}

const addSize = (h: Histogram, bytes: number): void => {
  addBucket(h, bucketOf(bytes))
  if (h.total > MAX_SIZES) absorb(h, emptyHistogram())
}
const MAX_SIZES = 20_000

/** Returns whether one was new. */
const learnParameters = (manners: Manners, query: Observation['query']): boolean => {
  let isNovel = false
  for (const [name, value] of query) if (learnParameter(manners, name, value)) isNovel = true
  return isNovel
}

const holdsSign = ([name, value]: readonly [string, string]): boolean =>
  (attackIn(value, classesOf(value)) ?? attackIn(name, classesOf(name))) !== undefined

/** Returns whether something looked like an attack. */
export const learnManners = (manners: Manners, o: Observation): boolean => {
  const { status, requestBody, responseBody } = o.exchange
  manners.requests++
  if (status === 401 || status === 403) manners.unauthorised++
  const isNovel = learnParameters(manners, o.query)
  const hasSign = attackInBody(o.requestJson) !== undefined || o.query.some(holdsSign)
  learnFields(manners, o.requestJson)
  if (isNovel) manners.novel++
  if (hasSign) manners.signs++
  if (requestBody.length > 0) addSize(manners.request, requestBody.length)
  if (status >= 200 && status < 300) addSize(manners.response, responseBody.length)
  if (manners.requests > MAX_REQUESTS) fade(manners)
  return hasSign
}

/** One of so many requests tells of the pace of clients. */
const PACE_EVERY = 4

export const learnProfile = (
  profile: Profile,
  o: Observation,
  { agent, client }: { agent: string; client: Client },
): void => {
  const { method, status, requestBody, responseBody } = o.exchange
  profile.requests++
  if (o.endpoint === undefined) profile.unknown++
  if (isOverriding(o)) profile.overriding = (profile.overriding ?? 0) + 1
  learnName(profile.methods, method)
  learnName(profile.agents, agent)
  if (requestBody.length > 0) addSize(profile.request, requestBody.length)
  if (status >= 200 && status < 300) addSize(profile.response, responseBody.length)
  if (profile.requests % PACE_EVERY === 0) addSize(profile.pace, client.count)
  if (profile.requests <= MAX_REQUESTS) return
  profile.requests /= 2
  profile.unknown /= 2
  profile.signs /= 2
  if (profile.overriding !== undefined) profile.overriding /= 2
}
