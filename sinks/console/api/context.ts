/** What the handlers work with, and how a JSON route is declared. */
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import type { ConsoleOptions } from '../options.ts'
import type { Knowledge } from '../knowledge.ts'
import type { Live } from '../live.ts'
import type { Pipeline } from '../pipeline.ts'
import { problemSchema } from '../problem.ts'
import type { Tail } from '../tail.ts'

export interface ApiContext {
  readonly options: ConsoleOptions
  readonly knowledge: Knowledge
  readonly live: Live
  readonly tail: Tail
  readonly pipeline: Pipeline
}

/** The app with its OpenAPI registry. */
export type Api = OpenAPIHono

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  content: { 'application/json': { schema } },
  description,
})

const problems = {
  400: {
    content: { 'application/problem+json': { schema: problemSchema } },
    description: 'The request is not understood',
  },
  401: {
    content: { 'application/problem+json': { schema: problemSchema } },
    description: 'The token is missing or wrong',
  },
  403: { content: { 'application/problem+json': { schema: problemSchema } }, description: 'Foreign Host or Origin' },
}
export const notFound = {
  404: { content: { 'application/problem+json': { schema: problemSchema } }, description: 'There is none' },
}
export const unavailable = {
  503: {
    content: { 'application/problem+json': { schema: problemSchema } },
    description: 'The database does not answer',
  },
}

interface Get<T extends z.ZodType, Q extends z.ZodObject, P extends z.ZodObject> {
  readonly path: string
  readonly summary: string
  readonly answer: T
  readonly query?: Q
  readonly params?: P
}

/** A GET that answers 200 with JSON, or a problem. */
export const get = <T extends z.ZodType, Q extends z.ZodObject, P extends z.ZodObject>({
  path,
  summary,
  answer,
  query,
  params,
}: Get<T, Q, P>) =>
  createRoute({
    method: 'get',
    path,
    summary,
    request: { query: query as Q, params: params as P },
    responses: { 200: json(answer, summary), ...problems, ...notFound, ...unavailable },
  })

export const iso = (micros: number): string => new Date(Math.min(Math.max(0, micros / 1000), 8.64e15)).toISOString()
