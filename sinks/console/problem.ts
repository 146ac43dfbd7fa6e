/** Errors as RFC 9457 problem details: what, where, cure. */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from '@hono/zod-openapi'
import { DatabaseError } from '../kit/database.ts'

export const problemSchema = z
  .object({ type: z.string(), title: z.string(), status: z.number(), detail: z.string() })
  .openapi('Problem')

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export const problem = (c: Context, status: ContentfulStatusCode, detail: string): Response =>
  c.body(JSON.stringify({ type: 'about:blank', title: titles[status] ?? 'Error', status, detail }), status, {
    'content-type': 'application/problem+json',
  })

/** Thrown by handlers for answers other than 200. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: ContentfulStatusCode
  constructor(status: ContentfulStatusCode, message: string) {
    super(message)
    this.status = status
  }
}

/** What a thrown error tells the client: our own words, never a stack. */
export const problemOf = (c: Context, error: unknown): Response => {
  if (error instanceof Refusal) return problem(c, error.status, error.message)
  if (error instanceof DatabaseError) {
    c.header('retry-after', '2')
    return problem(
      c,
      503,
      `the database cannot be asked now (${error.code}); live figures, modes and endpoints do not need it`,
    )
  }
  return problem(c, 500, 'the console failed on this request; its log has the cause')
}
