/**
 * Which trailers go on, in both directions. Whoever reads them may merge them into the fields of the head (RFC 9110 section
 * 6.5.1), so nothing that frames, routes, conditions or authorises a message comes after its body, nor what the proxy says itself.
 */
import type { FieldLines } from './context.ts'
import { connectionNamed, isHopByHop, isMark } from './fields.ts'

const NEVER: ReadonlySet<string> = new Set(
  `host trailer content-length content-type content-encoding content-range expect max-forwards pragma range cache-control age
date expires location retry-after vary warning authorization www-authenticate cookie set-cookie forwarded via x-real-ip
x-request-id traceparent tracestate`.split(/\s/),
)

const mayTrail = (name: string): boolean =>
  !NEVER.has(name) && !isHopByHop(name) && !isMark(name) && !/^(?:if-|x-forwarded-|proxy-)/.test(name)

/** What Trailer announces, without what does not go on; '' when nothing is left (RFC 9110 section 6.6.2). */
export const announced = (trailer: string): string =>
  trailer
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && mayTrail(name.toLowerCase()))
    .join(', ')

const NOBODY: ReadonlySet<string> = new Set()

/** What Connection names in the head goes from the trailers, too (RFC 9110 section 7.6.1). */
const namedIn = (head: FieldLines): ReadonlySet<string> => {
  let connection = ''
  for (let i = 0; i < head.length; i += 2)
    if ((head[i] as string).toLowerCase() === 'connection') connection += `,${head[i + 1]}`
  return connection === '' ? NOBODY : connectionNamed(connection)
}

/** `head`: the fields of the message as they came. */
export const trailing = (trailers: FieldLines, head: FieldLines): FieldLines => {
  if (trailers.length === 0) return trailers
  const named = namedIn(head)
  return trailers.filter((_, i) => {
    const name = (trailers[i - (i % 2)] as string).toLowerCase()
    return mayTrail(name) && !named.has(name)
  })
}
