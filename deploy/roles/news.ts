/** What one process of the ingress finds out about upstreams reaches those on other machines as words on `control`. */
import type { News } from '../../ingress/options.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'

/** A word that cannot be said is not kept: a moment later it would be no news. */
export const sayOnControl =
  (log: Pick<EventLog, 'append'>, codecs: Codecs): ((news: News) => void) =>
  (news) => {
    const { kind, service, subject, at, by } = news
    const key = `seen/${kind}/${service}/${subject}`
    const value = codecs.encode('control', { key, kind: 'upstream', service, at, by, value: JSON.stringify(news) })
    log.append(topicName('control'), [{ key, value, timestamp: Math.round(at / 1000) }]).catch(() => undefined)
  }
