/** Field lines as node:http2 wants them. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { FieldLines } from '../phases/context.ts'

/** An object by lower-case name: what repeats becomes a list, in its order. */
export const headersOf = (lines: FieldLines): OutgoingHttpHeaders => {
  const headers: Record<string, string | string[]> = {}
  for (let i = 0; i < lines.length; i += 2) {
    const name = (lines[i] as string).toLowerCase()
    const value = lines[i + 1] as string
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}
