/** The API as traffic shows it, against the API as it is described: what a reader of the description would be surprised by. */
import { compileTemplates, pathSegments } from '../../../schemas/semantics/templates.ts'
import { comparePlaces, type Change, type Sides } from './compare.ts'
import { follow } from './view.ts'

type Json = Readonly<Record<string, unknown>>

export interface Against {
  readonly changes: readonly Change[]
  /** 0 to 100, as that of an alert. */
  readonly score: number
  /** Operations of the description that no request asked for. */
  readonly unasked: readonly string[]
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

interface Operation {
  readonly id: string
  readonly method: string
  /** `/users/{id}`, with what the server's address puts before it. */
  readonly template: string
  readonly parameters: readonly never[]
  readonly json: Json
}

/** The path of the first server, without parameters: what stands before every path. */
const baseOf = (document: Json): string => {
  if (typeof document['basePath'] === 'string') return document['basePath'].replace(/\/$/, '')
  const [server] = Array.isArray(document['servers']) ? (document['servers'] as unknown[]) : []
  const url = isJson(server) && typeof server['url'] === 'string' ? server['url'] : ''
  const path = url.replace(/^[a-z][\w+.-]*:\/\/[^/]*/i, '')
  return path.includes('{') ? '' : path.replace(/\/$/, '')
}

const operationsOf = (document: Json): Operation[] => {
  const base = baseOf(document)
  const paths = isJson(document['paths']) ? document['paths'] : {}
  return Object.entries(paths).flatMap(([path, value]) => {
    const item = follow(document, value)
    return METHODS.filter((method) => isJson(item[method])).map((name) => {
      const method = name.toUpperCase()
      const template = `${base}${path}`
      return { id: `${method} ${template}`, method, template, parameters: [], json: item[name] as Json }
    })
  })
}

const withValues = (template: string): string => template.replaceAll(/\{[^{}]*\}/g, '0')
const nameless = (template: string): string => pathSegments(template.replaceAll(/\{[^{}]*\}/g, '{}')).join('/')

/** The described operation behind a learned one: the same template, or one whose parameter takes its word. */
const finderOf = (described: readonly Operation[]): ((learned: Operation) => Operation | undefined) => {
  const same = new Map(described.map((one) => [`${one.method} ${nameless(one.template)}`, one]))
  const matcher = compileTemplates(described)
  return ({ method, template }) =>
    same.get(`${method} ${nameless(template)}`) ?? matcher.match(method, withValues(template))?.endpoint
}

const responsesOf = (document: Json, { json }: Operation): ReadonlyMap<string, Json> =>
  new Map(
    Object.entries(isJson(json['responses']) ? json['responses'] : {}).map(([status, one]) => [
      status.toUpperCase(),
      follow(document, one),
    ]),
  )

const isJsonType = (type: string): boolean => /[/+]json\b/.test(type) || type === '*/*'

/** OpenAPI 3 has it by media type, Swagger 2 at the answer. */
const schemaOf = (response: Json): unknown => {
  if (isJson(response['schema'])) return response['schema']
  const content = isJson(response['content']) ? response['content'] : {}
  const type = Object.keys(content).find(isJsonType)
  const media = type === undefined ? undefined : content[type]
  return isJson(media) ? media['schema'] : undefined
}

const wildcard = (status: string): string => `${status[0] ?? ''}XX`

/** What is said by no description, and changes nothing: what is not there, and what fails. */
const isNoNews = (status: string): boolean => ['404', '405', '408', '429'].includes(status) || status.startsWith('5')

const compareOperations = (sides: Sides, described: Operation, learned: Operation): Change[] => {
  const before = responsesOf(sides.before, described)
  const changes: Change[] = []
  for (const [status, response] of responsesOf(sides.after, learned)) {
    const known = before.get(status) ?? before.get(wildcard(status)) ?? before.get('DEFAULT')
    if (known === undefined) {
      const severity = Number(status) >= 400 ? 'warning' : 'info'
      const told = { pointer: '', confidence: 0.999, before: [...before.keys()].join(', '), after: status }
      if (!isNoNews(status) && /^\d+$/.test(status))
        changes.push({ endpoint: learned.id, kind: 'status_new', severity, ...told })
      continue
    }
    const [was, is] = [schemaOf(known), schemaOf(response)]
    if (was === undefined || is === undefined) continue
    for (const found of comparePlaces(sides, [was, is, ''])) changes.push({ endpoint: learned.id, ...found })
  }
  return changes
}

const added = ({ id }: Operation): Change => ({
  endpoint: id,
  kind: 'endpoint_new',
  pointer: '',
  severity: 'info',
  confidence: 0.999,
  before: 'not described',
  after: 'answers',
})

/** What one certain change is worth; as in alerts. */
const WEIGHTS: Readonly<Record<Change['severity'], number>> = { breaking: 0.6, warning: 0.25, info: 0.05 }

const scoreOf = (changes: readonly Change[]): number =>
  Math.round(100 * (1 - changes.reduce((calm, one) => calm * (1 - WEIGHTS[one.severity] * one.confidence), 1)))

const GRAVITY = ['breaking', 'warning', 'info']

const byGravity = (a: Change, b: Change): number =>
  GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity) ||
  (a.endpoint < b.endpoint ? -1 : a.endpoint > b.endpoint ? 1 : a.pointer < b.pointer ? -1 : 1)

/** Compares a description (OpenAPI 3.x, Swagger 2, or what was learned earlier) with what traffic shows now. */
export const compareDocuments = (described: Json, learned: Json): Against => {
  const sides: Sides = { before: described, after: learned }
  const known = operationsOf(described)
  const find = finderOf(known)
  const asked = new Set<Operation>()
  const changes = operationsOf(learned).flatMap((operation) => {
    const before = find(operation)
    if (before === undefined) return [added(operation)]
    asked.add(before)
    return compareOperations(sides, before, operation)
  })
  const unasked = known.filter((one) => !asked.has(one)).map(({ id }) => id)
  return { changes: changes.toSorted(byGravity), score: scoreOf(changes), unasked }
}
