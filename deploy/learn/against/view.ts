/** A JSON Schema as a comparison sees it, whoever wrote it: a person (references, allOf, nullable) or the learner. */
type Json = Readonly<Record<string, unknown>>

export interface Field {
  readonly schema: unknown
  readonly required: boolean
}

export interface View {
  /** Undefined: any. */
  readonly types: ReadonlySet<string> | undefined
  readonly nullable: boolean
  readonly fields: ReadonlyMap<string, Field>
  readonly items: unknown
  /** The schema of a map's values. */
  readonly values: unknown
  readonly enum: ReadonlySet<string> | undefined
  readonly format: string | undefined
  /** Values that were learned here; undefined where a person wrote it. */
  readonly count: number | undefined
  /** How many of them are of a type, where there are several. */
  readonly shares: ReadonlyMap<string, number>
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const MAX_DEPTH = 24

/** Follows references within a document; what cannot be followed says nothing. */
export const follow = (document: Json, value: unknown): Json => {
  let found = value
  for (let i = 0; i < MAX_DEPTH; i++) {
    if (!isJson(found)) return {}
    const { $ref: ref } = found
    if (typeof ref !== 'string') return found
    if (!ref.startsWith('#/')) return {}
    found = ref
      .slice(2)
      .split('/')
      .map((token) => decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, token) => (isJson(at) ? at[token] : undefined), document)
  }
  return {}
}

const NOTHING: View = {
  types: undefined,
  nullable: false,
  fields: new Map(),
  items: undefined,
  values: undefined,
  enum: undefined,
  format: undefined,
  count: undefined,
  shares: new Map(),
}

const typesOf = (schema: Json): ReadonlySet<string> | undefined => {
  const { type } = schema
  const named = (typeof type === 'string' ? [type] : listOf(type)).filter(
    (one): one is string => typeof one === 'string',
  )
  if (named.length > 0) return new Set(named)
  if (isJson(schema['properties'])) return new Set(['object'])
  const values = 'const' in schema ? [schema['const']] : listOf(schema['enum'])
  return values.length > 0 ? new Set(values.map((value) => (value === null ? 'null' : typeof value))) : undefined
}

const textsOf = (schema: Json): ReadonlySet<string> | undefined => {
  const values = 'const' in schema ? [schema['const']] : listOf(schema['enum'])
  const texts = values.filter((value): value is string => typeof value === 'string')
  return texts.length > 0 ? new Set(texts) : undefined
}

const fieldsOf = (schema: Json): ReadonlyMap<string, Field> => {
  const required = new Set(listOf(schema['required']))
  const properties = isJson(schema['properties']) ? Object.entries(schema['properties']) : []
  return new Map(properties.map(([name, one]) => [name, { schema: one, required: required.has(name) }]))
}

const sharesOf = (shares: unknown): ReadonlyMap<string, number> =>
  new Map(Object.entries(isJson(shares) ? shares : {}).map(([type, count]) => [type, Number(count)]))

const ownView = (schema: Json): View => {
  const types = typesOf(schema)
  const { format, items, additionalProperties: values, 'x-count': count } = schema
  const isNull = schema['nullable'] === true || types?.has('null') === true
  const others = types && new Set([...types].filter((type) => type !== 'null'))
  return {
    types: others?.size === 0 ? undefined : others,
    nullable: isNull,
    fields: fieldsOf(schema),
    items,
    values: isJson(values) ? values : undefined,
    enum: textsOf(schema),
    format: typeof format === 'string' ? format : undefined,
    count: typeof count === 'number' ? count : undefined,
    shares: sharesOf(schema['x-types']),
  }
}

const union = <V>(a: ReadonlySet<V> | undefined, b: ReadonlySet<V> | undefined): ReadonlySet<V> | undefined =>
  a === undefined || b === undefined ? undefined : new Set([...a, ...b])

/** Both hold: what either says. */
const both = (a: View, b: View): View => ({
  types: a.types ?? b.types,
  nullable: a.nullable || b.nullable,
  fields: new Map([...a.fields, ...b.fields]),
  items: a.items ?? b.items,
  values: a.values ?? b.values,
  enum: a.enum ?? b.enum,
  format: a.format ?? b.format,
  count: a.count ?? b.count,
  shares: a.shares.size > 0 ? a.shares : b.shares,
})

/** One of them holds: what is allowed by any, and asked by all. */
const either = (a: View, b: View): View => {
  const fields = new Map<string, Field>()
  for (const [name, field] of [...a.fields, ...b.fields]) {
    const isAsked = a.fields.get(name)?.required === true && b.fields.get(name)?.required === true
    if (!fields.has(name)) fields.set(name, { ...field, required: isAsked })
  }
  return {
    types: union(a.types, b.types),
    nullable: a.nullable || b.nullable,
    fields,
    items: a.items ?? b.items,
    values: a.values ?? b.values,
    enum: union(a.enum, b.enum),
    format: a.format === b.format ? a.format : undefined,
    count: a.count === undefined || b.count === undefined ? undefined : a.count + b.count,
    shares: new Map([...a.shares, ...b.shares]),
  }
}

/** The view of a schema within its document. */
export const viewOf = (document: Json, value: unknown, depth = 0): View => {
  const schema = follow(document, value)
  if (depth > MAX_DEPTH) return NOTHING
  let view = ownView(schema)
  for (const part of listOf(schema['allOf'])) view = both(view, viewOf(document, part, depth + 1))
  for (const name of ['oneOf', 'anyOf']) {
    const options = listOf(schema[name]).map((option) => viewOf(document, option, depth + 1))
    const nulls = options.filter((one) => one.nullable && one.types === undefined && one.fields.size === 0)
    const rest = options.filter((one) => !nulls.includes(one))
    const [first, ...others] = rest
    if (nulls.length > 0) view = { ...view, nullable: true }
    if (first !== undefined) view = both(view, others.reduce(either, first))
  }
  return view
}
