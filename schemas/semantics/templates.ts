/**
 * Finds the endpoint of a path among learned templates: what the ingress asks for ghosts and the processors for exchanges.
 *
 * A template segment is a literal (`users`), a parameter (`{id}`) or mixed (`{id}.json`, `{base}...{head}`). At each
 * segment a literal beats a mixed segment, more literal text beats less, a typed parameter beats an untyped one; where the
 * best way leads nowhere the next best is tried. Empty segments do not count: `/users/` and `//users` are `/users`.
 *
 * An operation stands after a `#`, which no path has: `/graphql#Query.user` is found by the path `/graphql` for a request
 * that asks for `Query.user` (graphql.ts).
 */
import type { Parameter } from '../events.ts'
import { fitsKind, isSharpKind } from './lexicon.ts'

/** What a matcher needs to know of an endpoint; `schemas/events.ts` Endpoint is one. */
export interface TemplateEndpoint {
  readonly id: string
  readonly method: string
  readonly template: string
  readonly parameters: readonly Parameter[]
}

export interface TemplateMatch<E> {
  readonly endpoint: E
  /** One per parameter of the template, left to right, as in the path: still percent-encoded. */
  readonly values: readonly string[]
}

/** The templates of one service. Changes cost the depth of one template, not a compilation of all. */
export interface TemplateMatcher<E extends TemplateEndpoint> {
  /** Adds an endpoint, or replaces the one of the same method and template. */
  set(endpoint: E): void
  delete(endpoint: E): void
  /**
   * `path` is raw; a query after `?` is ignored. `operation` says what a request asks for beyond its path; it is called
   * where operations are known only, since it costs a look into the body.
   */
  match(method: string, path: string, operation?: () => string | undefined): TemplateMatch<E> | undefined
  /** Methods known for a path, in ascending order: for 405 and its Allow. */
  methods(path: string): readonly string[]
}

interface Pattern<E> {
  readonly key: string
  /** Literal text before, between and after the parameters. */
  readonly parts: readonly string[]
  readonly literalLength: number
  readonly kinds: readonly string[]
  readonly typed: boolean
  readonly node: Node<E>
}

interface Node<E> {
  readonly literals: Map<string, Node<E>>
  /** Best first. */
  patterns: Pattern<E>[]
  /** By method. */
  readonly endpoints: Map<string, E>
  /** By method and operation. */
  readonly operations: Map<string, E>
}

const createNode = <E>(): Node<E> => ({
  literals: new Map(),
  patterns: [],
  endpoints: new Map(),
  operations: new Map(),
})

/** A template's path and its operation, '' where it has none. */
export const splitOperation = (template: string): readonly [path: string, operation: string] => {
  const hash = template.indexOf('#')
  return hash < 0 ? [template, ''] : [template.slice(0, hash), template.slice(hash + 1)]
}

/** The segments of a raw path, without query and without empty ones. */
export const pathSegments = (path: string): string[] => {
  const end = path.indexOf('?')
  const segments = (end < 0 ? path : path.slice(0, end)).split('/')
  return segments.filter((segment) => segment !== '')
}

/** Braces mean parameters in templates, so a literal carries them percent-encoded. */
export const literalSegment = (segment: string): string =>
  segment.includes('{') || segment.includes('}') ? segment.replaceAll('{', '%7B').replaceAll('}', '%7D') : segment

/** Literal text around the parameters of a template segment; one part alone means that there is no parameter. */
export const segmentParts = (segment: string): string[] => segment.split(/\{[^{}]*\}/)

/** Values of the parameters of a mixed segment, each not empty; undefined where the text does not fit. Linear. */
export const matchParts = (parts: readonly string[], segment: string): string[] | undefined => {
  const first = parts[0] ?? ''
  const last = parts[parts.length - 1] ?? ''
  const end = segment.length - last.length
  if (!segment.startsWith(first) || !segment.endsWith(last) || end <= first.length) return undefined
  const values: string[] = []
  let from = first.length
  for (let p = 1; p < parts.length - 1; p++) {
    const part = parts[p] ?? ''
    const at = segment.indexOf(part, from + 1)
    if (at < 0 || at + part.length >= end) return undefined
    values.push(segment.slice(from, at))
    from = at + part.length
  }
  values.push(segment.slice(from, end))
  return values
}

const comparePatterns = <E>(a: Pattern<E>, b: Pattern<E>): number =>
  b.literalLength - a.literalLength || Number(b.typed) - Number(a.typed) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

const openPattern = <E>(node: Node<E>, parts: readonly string[], kinds: readonly string[]): Node<E> => {
  const typed = kinds.some(isSharpKind)
  const key = JSON.stringify([parts, kinds.map((kind) => (isSharpKind(kind) ? kind : ''))])
  const known = node.patterns.find((pattern) => pattern.key === key)
  if (known !== undefined) return known.node
  const literalLength = parts.reduce((sum, part) => sum + part.length, 0)
  const pattern: Pattern<E> = { key, parts, kinds, typed, literalLength, node: createNode() }
  node.patterns = [...node.patterns, pattern].sort(comparePatterns)
  return pattern.node
}

const openLiteral = <E>(node: Node<E>, segment: string): Node<E> => {
  const known = node.literals.get(segment)
  if (known !== undefined) return known
  const created = createNode<E>()
  node.literals.set(segment, created)
  return created
}

/** The node of a template, made where it is missing. */
const openTemplate = <E extends TemplateEndpoint>(root: Node<E>, endpoint: E): Node<E> => {
  let node = root
  let parameter = 0
  for (const segment of pathSegments(splitOperation(endpoint.template)[0])) {
    const parts = segmentParts(segment)
    const kinds: string[] = []
    for (let p = 1; p < parts.length; p++) kinds.push(endpoint.parameters[parameter++]?.kind ?? '')
    node = parts.length === 1 ? openLiteral(node, segment) : openPattern(node, parts, kinds)
  }
  return node
}

const isPure = (parts: readonly string[]): boolean => parts.length === 2 && parts[0] === '' && parts[1] === ''

const patternValues = <E>(pattern: Pattern<E>, segment: string): readonly string[] | undefined => {
  const values = isPure(pattern.parts) ? [segment] : matchParts(pattern.parts, segment)
  if (values === undefined || !pattern.typed) return values
  return values.every((value, v) => fitsKind(pattern.kinds[v] ?? '', value)) ? values : undefined
}

interface Way {
  readonly segments: readonly string[]
  readonly at: number
  readonly values: readonly string[]
}

/**
 * Depth first, best way first; `visit` returns true to stop, and `values` are those of the way to there. Bounded by the
 * number of template nodes.
 */
const walk = <E>(
  node: Node<E>,
  { segments, at, values }: Way,
  visit: (node: Node<E>, values: readonly string[]) => boolean,
): boolean => {
  const segment = segments[at]
  if (segment === undefined) return visit(node, values)
  const literal = node.literals.get(segment)
  if (literal !== undefined && walk(literal, { segments, at: at + 1, values }, visit)) return true
  for (const pattern of node.patterns) {
    const own = patternValues(pattern, segment)
    if (own === undefined) continue
    const all = values.length === 0 ? own : [...values, ...own]
    if (walk(pattern.node, { segments, at: at + 1, values: all }, visit)) return true
  }
  return false
}

/** Where an endpoint stands in its node. */
const slotOf = <E extends TemplateEndpoint>(root: Node<E>, endpoint: E): readonly [Map<string, E>, string] => {
  const node = openTemplate(root, endpoint)
  const [, operation] = splitOperation(endpoint.template)
  if (operation === '') return [node.endpoints, endpoint.method]
  return [node.operations, `${endpoint.method} ${operation}`]
}

/** Called once at most. */
const once = <V>(make: (() => V) | undefined): (() => V | undefined) => {
  let made: { readonly value: V | undefined } | undefined
  return () => (made ??= { value: make?.() }).value
}

/** An empty matcher. */
export const openTemplates = <E extends TemplateEndpoint>(): TemplateMatcher<E> => {
  const root = createNode<E>()
  const wayOf = (path: string): Way => ({ segments: pathSegments(path).map(literalSegment), at: 0, values: [] })
  return {
    set: (endpoint) => {
      const [slot, key] = slotOf(root, endpoint)
      slot.set(key, endpoint)
    },
    delete: (endpoint) => {
      const [slot, key] = slotOf(root, endpoint)
      slot.delete(key)
    },
    match: (method, path, operation) => {
      let found: TemplateMatch<E> | undefined
      const asked = once(operation)
      walk(root, wayOf(path), (node, values) => {
        const special = node.operations.size > 0 ? node.operations.get(`${method} ${asked() ?? ''}`) : undefined
        const endpoint = special ?? node.endpoints.get(method)
        if (endpoint !== undefined) found = { endpoint, values }
        return endpoint !== undefined
      })
      return found
    },
    methods: (path) => {
      const methods = new Set<string>()
      walk(root, wayOf(path), (node) => {
        for (const method of node.endpoints.keys()) methods.add(method)
        for (const { method } of node.operations.values()) methods.add(method)
        return false
      })
      return [...methods].sort()
    },
  }
}

/** A matcher over the templates of one service. */
export const compileTemplates = <E extends TemplateEndpoint>(endpoints: Iterable<E>): TemplateMatcher<E> => {
  const matcher = openTemplates<E>()
  for (const endpoint of endpoints) matcher.set(endpoint)
  return matcher
}
