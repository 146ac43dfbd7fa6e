/** What clients may ask of the listening side: sizes and patience. */
import { z } from 'zod'
import { duration, size } from './config-units.ts'

/** No limit. */
export const off = z.literal('off').transform(() => 0)

/** Goes into `listen`. */
export const listenLimits = {
  limits: z
    .strictObject({
      head: size.prefault('32KiB').describe('All of a request before its body (431)'),
      target: size.prefault('16KiB').describe('Its path and query (414)'),
      fields: z.int().min(1).max(10_000).default(200).describe('Its field lines (431)'),
      body: z.union([off, size]).prefault('off').describe('Its body (413)'),
      connectionsPerClient: z
        .union([off, z.int().min(1).max(1e6)])
        .prefault('off')
        .describe('Connections of one address at a time (429)'),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      head: duration.prefault('60s').describe('For the head of a request, however often a byte of it comes (408)'),
      stall: duration.prefault('30s').describe('Between two pieces of its body (408)'),
      idle: duration.prefault('75s').describe('Between two requests on a connection'),
      send: duration.prefault('60s').describe('Until the client takes some of an answer that waits for it'),
      tunnel: z.union([off, duration]).prefault('1h').describe('On a WebSocket, without a byte from either side'),
    })
    .prefault({}),
}
