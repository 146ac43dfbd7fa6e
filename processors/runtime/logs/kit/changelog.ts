/** What the changelog of an app holds besides state: its input position, under a reserved key. */
import type { Change, LogRecord } from '../../../../schemas/log.ts'

export const changelogOf = (app: string): string => `${app}.changelog`

export const POSITION_KEY = '__position'

export const positionChange = (position: number): Change => ({
  key: POSITION_KEY,
  value: new TextEncoder().encode(String(position)),
})

export const positionIn = (record: LogRecord): number | undefined =>
  record.key === POSITION_KEY && record.value !== null ? Number(new TextDecoder().decode(record.value)) : undefined
