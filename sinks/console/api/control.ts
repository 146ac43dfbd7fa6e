/** Words on `control`: how the console says what ingresses obey. */
import type { Control } from '../../../schemas/events.ts'
import { topicName } from '../../../schemas/topics.ts'
import type { ApiContext } from './context.ts'

/**
 * Appends one word and waits until it is visible here. `undefined`: nothing is said any more. Resolves with the time on it,
 * µs; `before` is that of the last word that this one must beat.
 */
export const sayControl = async (
  { options, knowledge }: ApiContext,
  word: Pick<Control, 'key' | 'kind' | 'service'>,
  said: object | undefined,
  before = knowledge.control.get(word.key)?.at ?? 0,
): Promise<number> => {
  const { log, codecs, logger } = options
  const { key } = word
  const timestamp = Date.now()
  // A later word must count even if the clock stood still or stepped back since the last one.
  const at = Math.max(timestamp * 1000, before + 1)
  const value = said === undefined ? null : { ...word, at, by: 'console', value: JSON.stringify(said) }
  await log.append(topicName('control'), [
    { key, value: value === null ? null : codecs.encode('control', value), timestamp },
  ])
  logger.info({ key, ...(said === undefined ? { said: null } : { said }) }, 'said on control')
  if (value !== null) await knowledge.seen(key, at)
  return at
}
