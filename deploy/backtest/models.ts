/** The response models as they were when the backend died: one that a later sample had a say in could not be known then. */
import { createHash } from 'node:crypto'
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog } from '../../schemas/log.ts'
import type { Judge } from '../../schemas/semantics/ghosts/book.ts'
import { judgeBy, type Network } from '../../schemas/semantics/model/network.ts'
import { readModel } from '../../schemas/semantics/model/published.ts'
import { topicName } from '../../schemas/topics.ts'

interface Reading {
  readonly log: Pick<EventLog, 'view'>
  readonly codecs: Codecs
  /** ms */
  readonly until: number
  /** Services that go by their tables alone (ghost.model: false). */
  readonly without: ReadonlySet<string>
}

const digest = (text: string, bytes: Uint8Array): string =>
  createHash('sha256').update(text).update(bytes).digest('hex')

const networkIn = ({ codecs, until }: Reading, bytes: Uint8Array): Network | undefined => {
  try {
    const model = codecs.decode('models', bytes)
    const read = model.at / 1000 < until ? readModel(model, digest) : undefined
    return read?.kind === 'network' ? read.network : undefined
  } catch {
    return undefined
  }
}

/** How sure ghosts were then, for services that have a model of that time; of the others the tables say it. */
export const judgeThen = async (reading: Reading): Promise<Judge> => {
  const view = await reading.log.view(topicName('models'))
  try {
    const all = [...view.entries()]
    await reading.codecs.prepare(all.map(([, bytes]) => bytes)).catch(() => undefined)
    const networks = new Map(all.map(([service, bytes]) => [service, networkIn(reading, bytes)] as const))
    return (service, evidence) => {
      const network = reading.without.has(service) ? undefined : networks.get(service)
      return network === undefined ? undefined : judgeBy(network, evidence()).right
    }
  } finally {
    await view.close()
  }
}
