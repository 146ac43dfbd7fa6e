/** HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) as the lines that `learn` reads. */
type Raw = Readonly<Record<string, unknown>>

const record = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const headers = (value: unknown): Record<string, unknown> => {
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const pair of list(value)) {
    const { name, value: content } = record(pair)
    if (typeof name === 'string') out[name] = content
  }
  return out
}

const pathOf = (url: unknown): string | undefined => {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined
  const authority = url.indexOf('//') + 2
  const slash = url.slice(authority).search(/[/?#]/)
  // Raw, as it was sent: URL would normalise it.
  const rest = slash < 0 ? '/' : url.slice(authority + slash).replace(/#.*$/, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}

const responseText = (content: Raw): unknown => {
  const body = content['text']
  if (typeof body !== 'string' || content['encoding'] !== 'base64') return body
  return Buffer.from(body, 'base64').toString('utf8')
}

const lineOf = (entry: Raw): Raw => {
  const request = record(entry['request'])
  const response = record(entry['response'])
  const content = record(response['content'])
  return {
    time: entry['startedDateTime'],
    method: request['method'],
    path: pathOf(request['url']),
    status: response['status'],
    duration_ms: entry['time'],
    request_headers: headers(request['headers']),
    response_headers: headers(response['headers']),
    request_body: record(request['postData'])['text'],
    response_body: responseText(content),
    request_bytes: request['bodySize'],
    response_bytes: content['size'],
  }
}

/** One line for each entry; throws when the text is no HAR. */
export function* harLines(har: unknown): Generator<Raw> {
  const entries = record(record(har)['log'])['entries']
  if (!Array.isArray(entries)) throw new Error('is no HAR: it has no log.entries')
  for (const entry of entries) yield lineOf(record(entry))
}
