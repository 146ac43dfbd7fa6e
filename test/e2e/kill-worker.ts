/**
 * The processors alone, in a process that may be killed: `kill-worker.ts <JSON: KillTarget>`. Prints a line
 * of JSON per processing event. SIGTERM closes it in order.
 */
import { startProcessors } from '../../processors/runtime/host.ts'
import { topology } from '../../processors/topology.ts'
import { openCodecs } from '../../schemas/codec.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { openKillLog, type KillTarget } from './kill-target.ts'

const target = JSON.parse(process.argv[2] ?? '{}') as KillTarget
const log = await openKillLog(target, 'processors')
await log.createTopics(topicSpecs(target.partitions))
const codecs = await openCodecs(memorySchemaStore())
const running = await startProcessors({
  log,
  codecs,
  topology,
  app: target.app,
  commitIntervalMs: 50,
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
})
process.once('SIGTERM', () => {
  void running.close()
})
await running.done
await log.close()
