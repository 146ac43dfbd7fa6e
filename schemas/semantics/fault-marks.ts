/**
 * How the log names a fault that struck an exchange: `latency/f1`. Where whoever ordered it wants it to be told as if the
 * backend did it by itself, to try out who is alarmed, it is `latency/f1/alarm`.
 */
const ALARM = '/alarm'

export interface Struck {
  readonly kind: string
  readonly id: string
  readonly alarm?: boolean | undefined
}

/** An id holds no slash, so the mark can be told from it. */
export const faultMark = ({ kind, id, alarm }: Struck): string => `${kind}/${id}${alarm === true ? ALARM : ''}`

/** Whether faults struck an exchange and nobody wants to hear of what came of it. */
export const isHushed = (marks: readonly string[]): boolean =>
  marks.length > 0 && !marks.every((mark) => mark.endsWith(ALARM))
