/** Where what this process finds out is told to others, and what they say is looked at: is it news? */
import { isNews } from '../balance/hearsay.ts'
import type { News } from '../options.ts'
import { wall } from './clock.ts'

export interface Desk {
  /** This process has found it out. */
  readonly tell: (told: Pick<News, 'kind' | 'service' | 'subject' | 'to' | 'reason'>) => void
  /** Whether it is news here; called once for each that was heard, which is silent meanwhile. */
  readonly take: (news: News, believe: () => void) => void
}

export const openDesk = (instance: string, publish: ((news: News) => void) | undefined): Desk => {
  /** When the newest word on each was said, by whomever. */
  const latest = new Map<string, number>()
  let hearing = false
  const keyOf = ({ kind, service, subject }: Pick<News, 'kind' | 'service' | 'subject'>): string =>
    `${kind} ${service} ${subject}`
  return {
    tell: (told) => {
      // What is only believed is nobody's finding.
      if (hearing) return
      const at = wall()
      latest.set(keyOf(told), at)
      publish?.({ ...told, at, by: instance })
    },
    take: (news, believe) => {
      const now = wall()
      const key = keyOf(news)
      if (news.by === instance || !isNews(news.at, latest.get(key) ?? 0, now)) return
      latest.set(key, Math.min(news.at, now))
      hearing = true
      believe()
      hearing = false
    },
  }
}
