/** Hypotheses that are counted, as they stand on the log. */

/** A field of an object and how it looked before writes: how many were taken, how many refused, and with which status. */
export type Guard = [string, string, number, number, number]

/** How an asker fared at an endpoint: let in, forbidden, the status they were let in with. */
export type Door = [string, number, number, number]

/** What a link may be: pointer, target, what stands before the path, parameter, what that counts, `bare` where the first page has none (with `%` where brackets are encoded), hits, misses. */
export type LinkRole = [string, string, string, string, 'page' | 'offset', string, number, number]
