/**
 * How strange one request is, 0 to 1, and why. Each trait that is unusual speaks for "strange" with a log likelihood ratio
 * in nats (how likely it is of a strange request, against how often it was seen among all); what they say is summed up, as
 * naive Bayes does, against the prior odds of a strange request. Nothing counts against: an attack in a plain dress is one.
 */
import type { Observation, Strangeness } from '../kit/processor.ts'
import type { Client } from './client.ts'
import { rarityOf } from './habit.ts'
import { bucketOf, spreadsAbove, type Histogram } from './histogram.ts'
import { MAX_FIELDS, type Manners, type Profile } from './profile.ts'
import {
  attackIn,
  attackInBody,
  classesOf,
  isAttackInHeader,
  isAttackTool,
  isOverriding,
  isProbe,
  PLAIN,
  SLASH,
} from './signs.ts'
import { ODD_METHODS, RIGHTS } from './lists.ts'

/** One in a thousand, before anything is seen. */
const PRIOR = -7
/** As likely strange as not. */
const ALARM = 0.5

export interface Scene {
  readonly o: Observation
  readonly profile: Profile
  readonly manners: Manners | undefined
  readonly client: Client
  /** How many times slower than usual the endpoint is just now, as a logarithm. */
  readonly slower: number
  readonly latency: Histogram | undefined
  /** Many clients do so just now, little each. */
  readonly isProbing: boolean
}

interface Case {
  nats: number
  reasons: string[]
}

const LEAST = 0.7

const say = (c: Case, nats: number, reason: string): void => {
  if (nats < LEAST) return
  c.nats += nats
  c.reasons.push(reason)
}

const clamp = (x: number, most: number): number => Math.min(most, Math.max(0, x))

/** For strange things that happen to `often` of strange requests and to `rarity` of all. */
const ratio = (often: number, rarity: number, most: number): number => clamp(Math.log(often / rarity), most)

const headerOf = (o: Observation, name: string): string => {
  for (const header of o.exchange.requestHeaders)
    if (header.name.length === name.length && header.name.toLowerCase() === name) return header.value
  return ''
}

/** An agent without its numbers, which change with each release. */
export const agentOf = (o: Observation): string => {
  const text = headerOf(o, 'user-agent').slice(0, 96)
  let out = ''
  let from = 0
  for (let i = 0; i <= text.length; i++) {
    const code = text.charCodeAt(i)
    const isNumeric = (code >= 48 && code <= 57) || code === 46
    if (isNumeric) {
      if (from < i) out += text.slice(from, i)
      from = i + 1
    }
  }
  return out + text.slice(from)
}

const ENOUGH = 50

/** What an agent calls itself first: `Mozilla`, `shop-app`. */
const familyOf = (agent: string): string => {
  const end = agent.search(/[;/]/)
  return end < 0 ? '' : agent.slice(0, end)
}

const byAgent = (c: Case, { profile }: Scene, agent: string): void => {
  if (isAttackTool(agent)) say(c, 7, 'the agent is a tool that looks for holes')
  if (profile.requests < ENOUGH) return
  const nats = ratio(0.2, rarityOf(profile.agents, agent), 8)
  // A phone that is new is no attack: that alone is none where others of its family come.
  const ofFamily =
    nats > LEAST && familyOf(agent) !== '' && profile.agents.names.some(([one]) => familyOf(one) === familyOf(agent))
  say(c, ofFamily ? nats * 0.8 : nats, agent === '' ? 'no agent' : 'an agent that hardly ever comes')
}

const byHeaders = (c: Case, { o, profile }: Scene): void => {
  for (const { name, value } of o.exchange.requestHeaders)
    if (isAttackInHeader(value)) {
      say(c, 7.5, `an attack in the header ${name.slice(0, 40)}`)
      break
    }
  if (profile.requests >= ENOUGH && isOverriding(o))
    say(
      c,
      ratio(0.5, ((profile.overriding ?? 0) + 1) / (profile.requests + 1), 7.5),
      'it asks for another path or method than it names',
    )
}

const byMethod = (c: Case, { o, profile }: Scene): void => {
  const { method, status } = o.exchange
  const rarity = rarityOf(profile.methods, method)
  if (ODD_METHODS.has(method))
    say(c, clamp(Math.log(0.5 / rarity), 5) * 0.8 + (rarity < 0.01 ? 3 : 0), `method ${method}`)
  else if (rarity < 0.01) {
    const wasTaken = status >= 200 && status < 400
    say(c, ratio(0.1, rarity, 6) * (wasTaken ? 0.4 : 1), `method ${method}, hardly ever used here`)
  }
  if (status === 405 || status === 501) say(c, 3, `method ${method} refused`)
}

const isRefused = (status: number): boolean => status >= 400 && status < 500

const byPath = (c: Case, { o, profile }: Scene): void => {
  if (o.endpoint !== undefined && !(o.exchange.status === 404 && profile.requests < ENOUGH)) return
  const { status } = o.exchange
  const rarity = (profile.unknown + 1) / (profile.requests + 1)
  const weight = isRefused(status) ? 1 : 0.3
  if (profile.requests >= ENOUGH) say(c, ratio(0.5, rarity, 6) * weight, 'a path that is no endpoint')
  if (isRefused(status) && isProbe(o.path)) say(c, 5, 'a path that scanners try')
}

interface Found {
  attack: string | undefined
  newName: boolean
  newCharacters: boolean
}

const parameterIn = (manners: Manners | undefined, name: string): Manners['parameters'][number] | undefined =>
  manners?.parameters.find(([known]) => known === name)

const lookAt = (found: Found, manners: Manners | undefined, name: string, value: string): void => {
  const mask = classesOf(value)
  found.attack ??= attackIn(value, mask) ?? attackIn(name, classesOf(name))
  const known = parameterIn(manners, name)
  if (known === undefined) found.newName = true
  else if (known[3] >= 20 && (mask & ~known[2] & ~PLAIN) !== 0) found.newCharacters = true
}

/** Looks at everything that came with the request but its body. */
const lookAround = ({ o, manners }: Scene): Found => {
  const found: Found = { attack: undefined, newName: false, newCharacters: false }
  for (const [name, value] of o.query) lookAt(found, manners, name, value)
  const mask = classesOf(o.path)
  if ((mask & ~(PLAIN | SLASH)) !== 0) found.attack ??= attackIn(o.path.replaceAll('/', ' '), mask)
  return found
}

/** How rare signs of an attack are; where little is known of the endpoint, the service speaks for it. */
const signRarity = ({ profile, manners }: Scene): number => {
  const usual = (profile.signs + 1) / (profile.requests + 200)
  return ((manners?.signs ?? 0) + 50 * usual) / ((manners?.requests ?? 0) + 50)
}

const plainName = (name: string): string => name.toLowerCase().replaceAll('_', '').replaceAll('-', '')

/** Names that a body of this endpoint has not had before. */
const byFields = (c: Case, { o, manners }: Scene): void => {
  const body = o.requestJson
  if (manners?.fields === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return
  const { fields, bodies = 0, novelFields = 0 } = manners
  if (bodies < ENOUGH || fields.length >= MAX_FIELDS) return
  const fresh = Object.keys(body).filter((name) => !fields.includes(name))
  if (fresh.length === 0) return
  say(c, ratio(0.2, (novelFields + 1) / (bodies + 1), 5), 'a field never sent before')
  if (fresh.some((name) => RIGHTS.has(plainName(name)))) say(c, 3, 'a field by which rights are given')
}

const byBody = (c: Case, scene: Scene): void => {
  const attack = attackInBody(scene.o.requestJson)
  if (attack !== undefined) say(c, ratio(0.5, signRarity(scene), 8), `${attack} in the body`)
  byFields(c, scene)
}

const byParameters = (c: Case, scene: Scene): void => {
  if (scene.o.query.length === 0 && !scene.o.path.includes('%')) return
  const { attack, newName, newCharacters } = lookAround(scene)
  const { requests, novel } = scene.manners ?? { requests: 0, novel: 0 }
  if (attack !== undefined) say(c, ratio(0.5, signRarity(scene), 8), `${attack} in a parameter`)
  if (newName && requests >= ENOUGH)
    say(c, ratio(0.2, (novel + 1) / (requests + 1), 5), 'a parameter never sent before')
  if (newCharacters) say(c, 2.5, 'characters never seen in that parameter')
}

/** Standard deviations above the usual from which on it speaks, and how loud. */
const FROM = 4
const far = (spreads: number): number => clamp((spreads - FROM) * 1.6, 9)

const WORTH_A_WORD = 1000

/** The endpoint's own sizes where there are enough of them, else the service's. */
const usualSizes = (own: Histogram | undefined, all: Histogram): Histogram | undefined => {
  const usual = own !== undefined && own.total >= ENOUGH ? own : all
  return usual.total >= ENOUGH ? usual : undefined
}

const byRequestSize = (c: Case, { o, profile, manners }: Scene): void => {
  const { requestBody, status } = o.exchange
  if (status === 413) say(c, 3, 'too large')
  if (requestBody.length < WORTH_A_WORD) return
  const usual = usualSizes(manners?.request, profile.request)
  if (usual !== undefined)
    say(c, far(spreadsAbove(usual, bucketOf(requestBody.length))), 'a request far larger than usual')
}

const byAnswerSize = (c: Case, { o, profile, manners }: Scene): void => {
  const { responseBody, status } = o.exchange
  if (status < 200 || status >= 300 || responseBody.length < WORTH_A_WORD) return
  const usual = usualSizes(manners?.response, profile.response)
  if (usual !== undefined)
    say(c, far(spreadsAbove(usual, bucketOf(responseBody.length))), 'an answer far larger than usual')
}

const MIN_SLOW = 50_000

const byTime = (c: Case, { o, latency, slower }: Scene): void => {
  const { timings, status } = o.exchange
  if (latency === undefined || latency.total < ENOUGH || timings.total < MIN_SLOW || status >= 400 || !o.teaches) return
  const bucket = bucketOf(timings.total * Math.exp(-Math.max(0, slower)))
  say(c, clamp(far(spreadsAbove(latency, bucket) - 1) * 1.4, 9), 'far slower than usual')
}

const byFailedLogins = (c: Case, { o, client, manners }: Scene): void => {
  const { status } = o.exchange
  if (status !== 401 && status !== 403) return
  const usual = manners === undefined ? 0 : manners.unauthorised / (manners.requests + 30)
  const { unauthorised, count } = client
  if (unauthorised > 5 && unauthorised > 0.5 * count && usual < 0.3)
    say(c, clamp((unauthorised - 5) * 0.8, 8), 'one failed login after the other')
}

const byClient = (c: Case, { o, profile, client }: Scene): void => {
  const { strange, count, refused } = client
  if (strange > 2) say(c, clamp(Math.log(strange) * 2, 6), 'a client that does strange things')
  if (count > 30 && profile.pace.total >= ENOUGH)
    say(c, clamp(spreadsAbove(profile.pace, bucketOf(count)) - FROM, 4), 'far more requests than a client makes')
  if (isRefused(o.exchange.status) && count > 10 && refused > 0.6 * count) say(c, 2, 'a client that is mostly refused')
}

/** Ids that a client goes through at one endpoint. */
const byIds = (c: Case, { o, client: { walked, steps, tried = 0 } }: Scene): void => {
  if (o.endpoint?.id !== walked) return
  if (tried > 8 && isRefused(o.exchange.status))
    say(c, clamp((tried - 8) * 0.6, 6), 'one id after the other that it does not get')
  if (steps >= 12) say(c, clamp((steps - 11) * 0.4, 7), 'ids asked for one after the other')
}

const scoreOf = (nats: number): number => (nats === 0 ? 0 : 1 / (1 + Math.exp(-(PRIOR + nats))))

/** Judges a request before anything is learned from it. */
export const judge = (scene: Scene, agent: string): Strangeness => {
  const c: Case = { nats: 0, reasons: [] }
  byAgent(c, scene, agent)
  byHeaders(c, scene)
  byMethod(c, scene)
  byPath(c, scene)
  byParameters(c, scene)
  byBody(c, scene)
  byRequestSize(c, scene)
  byAnswerSize(c, scene)
  byTime(c, scene)
  byClient(c, scene)
  byIds(c, scene)
  if (scene.isProbing) say(c, 4, 'one of many clients that probe just now')
  byFailedLogins(c, scene)
  const score = Math.round(scoreOf(c.nats) * 1e6) / 1e6
  return { score, alarm: score >= ALARM, reasons: c.reasons }
}
