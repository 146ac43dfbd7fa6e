/** Postgres writes `2026-01-31 12:00:00.5+00` (session time zone UTC); everyone else wants `2026-01-31T12:00:00.500000Z`. */
export const isoTime = (text: string): string => {
  const match = /^(\d+-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00(?::?00)?$/.exec(text)
  return match ? `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z` : text
}
