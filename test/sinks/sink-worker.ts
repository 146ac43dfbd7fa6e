/** The sinks alone, in a process that may be killed: `sink-worker.ts <folder of the log> <URL of the database> [<URL of a webhook>]`. */
import { Registry } from 'prom-client'
import { openEmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import { openCodecs } from '../../schemas/codec.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { openDatabase, startSinks } from '../../sinks/sinks.ts'
import { silent } from './kit.ts'

const [dir = '', url = '', hook] = process.argv.slice(2)
const log = await openEmbeddedLog({ dir })
const codecs = await openCodecs(memorySchemaStore())
const database = await openDatabase({ url, logger: silent })
const webhooks =
  hook === undefined
    ? []
    : [{ url: hook, secret: 's', about: ['incidents'], minSeverity: 'info', services: [] } as const]
const options = { log, codecs, database, registry: new Registry(), logger: silent, lingerMs: 5, webhooks }
const sinks = await startSinks(options)
console.log('started')
await sinks.done
