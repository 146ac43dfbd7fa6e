/** What there is to tell a webhook of one thing, whatever it is; and whether it is news. */
import { LEVELS, type Level, type WebhookMessage } from '../../schemas/webhooks.ts'

/** What was told of a thing last. */
export interface Told {
  readonly status: string
  readonly severity: string
}

export interface Word {
  readonly kind: 'drift' | 'incident'
  /** The thing: under this name it is kept what was told of it. */
  readonly subject: string
  readonly service: string
  /** `open` and `reopened` go on, any other is over. */
  readonly status: string
  readonly severity: Level
  /** When it was said, µs. */
  readonly at: number
  readonly message: (type: string) => WebhookMessage
}

const rankOf = (severity: string): number => LEVELS.findIndex((one) => one === severity)
const isLive = (status: string): boolean => status === 'open' || status === 'reopened'

/**
 * Why a word is worth telling: it is new, its state is another, or it became graver. What was over before anybody was
 * told is no news: a hook that is added later hears of what is open. What goes on must be grave enough; who was told that
 * something began is told its end, however grave it was.
 */
export const newsOf = (told: Told | undefined, word: Omit<Word, 'message'>, least: Level): string | undefined => {
  const { kind, status, severity } = word
  const live = isLive(status)
  if (live && rankOf(severity) < rankOf(least)) return undefined
  if (told === undefined) return live ? `${kind}.opened` : undefined
  if (told.status !== status) return `${kind}.${status === 'open' ? 'opened' : status}`
  return live && rankOf(severity) > rankOf(told.severity) ? `${kind}.worsened` : undefined
}

export const iso = (micros: number): string => new Date(micros / 1000).toISOString()

/** Chats take `<…>` for links and calls to everybody; names come from traffic. */
export const forChat = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
