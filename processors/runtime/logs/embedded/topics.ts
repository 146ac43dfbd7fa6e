/** Which topics a journal holds, and whose journal a topic belongs to. */
import path from 'node:path'
import { LogError, type TopicSpec } from '../../../../schemas/log.ts'
import { topicName } from '../../../../schemas/topics.ts'
import { readIfThere, replaceFile } from './files.ts'

export type Writer = 'ingress' | 'processors' | 'console'

export const writers: readonly Writer[] = ['ingress', 'processors', 'console']

/** Who writes a topic; 'each': every writer has a partition of its own (its place in `writers`), and views merge them. */
export type Ownership = (topic: string) => Writer | 'each'

export const defaultOwnership: Ownership = (topic) => {
  if (topic === topicName('exchanges')) return 'ingress'
  if (topic === topicName('control') || topic.includes('.experiments.')) return 'console'
  return topic === topicName('schemas') ? 'each' : 'processors'
}

export const journalDir = (dir: string, writer: Writer): string => path.join(dir, writer)

const topicsPath = (dir: string): string => path.join(dir, 'topics.json')

export const readTopics = async (dir: string): Promise<readonly TopicSpec[]> => {
  const content = await readIfThere(topicsPath(dir))
  if (content === undefined) return []
  try {
    return JSON.parse(content.toString()) as readonly TopicSpec[]
  } catch (error) {
    const cure = 'Restore it from a copy, or remove it: the topics are then created anew over the same records.'
    throw new LogError('corrupt', `${topicsPath(dir)} is no JSON. ${cure}`, { cause: error })
  }
}

export const writeTopics = (dir: string, specs: readonly TopicSpec[]): Promise<void> =>
  replaceFile(topicsPath(dir), `${JSON.stringify(specs, null, 1)}\n`)

/** Throws when a topic exists with fewer partitions than are wanted. */
export const checkTopic = (there: TopicSpec, wanted: TopicSpec): void => {
  if (there.partitions >= wanted.partitions) return
  throw new LogError(
    'topic-mismatch',
    `${wanted.name} has ${there.partitions} partitions, ${wanted.partitions} are wanted: ` +
      'configure as many as there are, or begin a new profile.',
  )
}
