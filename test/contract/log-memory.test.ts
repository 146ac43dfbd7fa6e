import { memoryStorage, openMemoryLog } from '../../processors/runtime/logs/memory.ts'
import { eventLogContract } from './log.ts'

eventLogContract('memory', async () => {
  const storage = memoryStorage()
  let log = openMemoryLog({ storage })
  const opened = [log]
  const open = async () => {
    const another = openMemoryLog({ storage })
    opened.push(another)
    return another
  }
  return {
    log,
    reopen: async () => {
      await log.close()
      log = await open()
      return log
    },
    otherProcess: open,
    secondOwner: open,
    compact: async (topic) => log.compact(topic),
    close: async () => {
      for (const one of opened) await one.close()
    },
  }
})
