/** The whole topology over records on a log in memory, to their end. */
import { startProcessors } from '../../processors/runtime/host.ts'
import { openMemoryLog } from '../../processors/runtime/logs/memory.ts'
import { topology } from '../../processors/topology.ts'
import type { NewRecord } from '../../schemas/log.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { codecs } from '../processors/kit/given.ts'
import { everything } from './dump.ts'

/** Everything that stands on every topic then, commits being of so many records. */
export const runTopology = async (
  records: readonly NewRecord[],
  commitRecords: number,
): Promise<Record<string, string[]>> => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  await log.append(topicName('exchanges'), records)
  let caughtUp: () => void = () => undefined
  const done = new Promise<void>((resolve) => {
    caughtUp = resolve
  })
  const running = await startProcessors({
    log,
    codecs,
    topology,
    commitRecords,
    onEvent: (event) => event.kind === 'committed' && event.position === records.length && caughtUp(),
  })
  await done
  await running.close()
  const all = await everything(log, 'chaosproxy-processors')
  await log.close()
  return all
}
