/** JSON text to values, for bodies that a stranger wrote: nothing here throws, and nothing is deeper than DEEPEST. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** The processors' host reads nothing deeper either; whoever walks a value may therefore recurse. */
export const DEEPEST = 200

const fits = (json: Json, left: number): boolean => {
  if (typeof json !== 'object' || json === null) return true
  if (left === 0) return false
  for (const value of Object.values(json)) if (!fits(value as Json, left - 1)) return false
  return true
}

/** The value of a JSON text; undefined when it is none or too deep. */
export const parseJson = (text: string | undefined): Json | undefined => {
  if (text === undefined || text === '') return undefined
  try {
    const json = JSON.parse(text) as Json
    return fits(json, DEEPEST) ? json : undefined
  } catch {
    return undefined
  }
}
