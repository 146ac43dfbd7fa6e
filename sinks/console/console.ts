/** The console: admin API and page, on a port of its own. It is the only writer of `control`, and keeps nothing itself. */
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anomalyRoutes } from './api/anomalies.ts'
import { chaosRoutes } from './api/chaos.ts'
import { driftRoutes } from './api/drift.ts'
import { endpointRoutes } from './api/endpoints.ts'
import { ghostPreviewRoutes } from './api/ghost-preview.ts'
import { ghostWriteRoutes } from './api/ghost-writes.ts'
import { ghostRoutes } from './api/ghosts.ts'
import { modelRoutes } from './api/models.ts'
import { outageRoutes } from './api/outages.ts'
import { modeRoutes } from './api/mode.ts'
import { openApiRoutes } from './api/openapi.ts'
import { readinessRoutes } from './api/readiness.ts'
import { reportRoutes } from './api/reports.ts'
import { stateRoutes } from './api/state.ts'
import { templateRoutes } from './api/templates.ts'
import { endpointTrafficRoutes } from './api/endpoint-traffic.ts'
import { trafficRoutes } from './api/traffic.ts'
import { upstreamRoutes } from './api/upstreams.ts'
import type { ApiContext } from './api/context.ts'
import type { Database } from '../kit/database.ts'
import { docsRoutes } from './docs.ts'
import { followKnowledge } from './knowledge.ts'
import { createLive } from './live.ts'
import type { Console, ConsoleOptions } from './options.ts'
import { pageRoutes } from './page.ts'
import { startPipeline } from './pipeline.ts'
import { problem, problemOf, Refusal } from './problem.ts'
import { guard, refuseToListen } from './security.ts'
import { startTail } from './tail.ts'

export type { Console, ConsoleOptions, Mode } from './options.ts'

/** The console cannot start; the message says what to change. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError'
  readonly code: 'unsafe' | 'port-in-use' | 'failed'
  constructor(code: ConsoleError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

const BODY = 64 * 1024

const document = { openapi: '3.1.0', info: { title: 'Chaos-Proxy admin API', version: '1' } }

const databaseOnly = async (database: Database): Promise<readonly string[]> => {
  const patience = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no answer')), 2000).unref())
  return await Promise.race([database.query('select 1'), patience]).then(
    () => [],
    () => ['the database does not answer'],
  )
}

const probes = (app: OpenAPIHono, { options, tail }: ApiContext): void => {
  app.get('/livez', (c) => c.text('ok'))
  app.get('/readyz', async (c) => {
    const others = await (options.unready ?? (() => databaseOnly(options.database)))()
    const reasons = [...others, tail.trouble()].filter((reason) => reason !== undefined)
    return reasons.length === 0 ? c.text('ready') : problem(c, 503, reasons.join('; '))
  })
  app.get('/metrics', async (c) => {
    const text = await (options.metricsText ?? (() => options.registry.metrics()))()
    return c.body(text, 200, { 'content-type': options.registry.contentType })
  })
}

/** The routes, without a server: for tests, and for the API's own description. */
export const createApp = (context: ApiContext): OpenAPIHono => {
  const { logger, host, token, allowedHosts } = context.options
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return
      const issue = result.error.issues[0]
      throw new Refusal(400, `${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'not understood'}`)
    },
  })
  app.use('*', guard({ host, token, allowedHosts }))
  app.use('*', bodyLimit({ maxSize: BODY, onError: (c) => problem(c, 413, `a body here has at most ${BODY} bytes`) }))
  probes(app, context)
  pageRoutes(app)
  docsRoutes(app)
  const all = [
    endpointRoutes,
    templateRoutes,
    openApiRoutes,
    driftRoutes,
    anomalyRoutes,
    trafficRoutes,
    endpointTrafficRoutes,
    reportRoutes,
    modeRoutes,
    ghostPreviewRoutes,
    ghostWriteRoutes,
    ghostRoutes,
    outageRoutes,
    readinessRoutes,
    modelRoutes,
    upstreamRoutes,
    chaosRoutes,
    stateRoutes,
  ]
  for (const routes of all) routes(app, context)
  app.doc31('/admin/openapi.json', document)
  app.notFound((c) => problem(c, 404, 'there is nothing here; GET /admin/openapi.json lists what there is'))
  app.onError((error, c) => {
    if ('getResponse' in error) return problem(c, 400, 'the body is no JSON')
    if (!(error instanceof Refusal)) logger.error({ err: error, path: c.req.path }, 'the console failed on a request')
    return problemOf(c, error)
  })
  return app
}

const listen = (server: ServerType, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const cure = taken
        ? 'Stop what listens there, or choose another with --admin-port (0: any).'
        : 'Choose another address with admin.host.'
      reject(
        new ConsoleError(
          taken ? 'port-in-use' : 'failed',
          `the console cannot listen on ${host}:${port} (${cause.code ?? cause.message}). ${cure}`,
          cause,
        ),
      )
    })
    server.listen(port, host, resolve)
  })

/** Resolves once it listens and knows what is on the log. Rejects with ConsoleError before anything is opened if it would be unsafe. */
export const startConsole = async (options: ConsoleOptions): Promise<Console> => {
  const { log, codecs, database, logger, app } = options
  const unsafe = refuseToListen(options)
  if (unsafe !== undefined) throw new ConsoleError('unsafe', unsafe)
  const live = createLive(Date.now)
  const knowledge = await followKnowledge(log, codecs)
  const tail = await startTail({ log, codecs, logger, onEvent: live.observe })
  const pipeline = startPipeline({ log, database, app, live, tail })
  const release = async (): Promise<void> => {
    pipeline.close()
    await Promise.all([tail.close(), knowledge.close()])
  }
  const { fetch } = createApp({ options, knowledge, live, tail, pipeline })
  const server = createAdaptorServer({ fetch: (request, env) => fetch(request, env as object) })
  try {
    const entered = await options.enter?.(server as Server)
    if (entered !== true) await listen(server, options.host, options.port)
  } catch (error) {
    await release()
    throw error
  }
  const { port } = server.address() as AddressInfo
  const name = options.host.includes(':') ? `[${options.host.replace(/[[\]]/g, '')}]` : options.host
  return {
    url: `http://${name}:${port}`,
    port,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
      await release()
    },
  }
}
