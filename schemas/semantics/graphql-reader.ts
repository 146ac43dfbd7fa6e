/** The tokens of a GraphQL document (GraphQL, October 2021, section 2), and how they are read one after the other. */

const MAX_TOKENS = 20_000
/** Longer names are none: they end up in those of endpoints. */
const NAME = /^[_A-Za-z]\w{0,127}$/

const TOKEN =
  /[\s,\uFEFF]+|#[^\n\r]*|("""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n\r])*"|\.\.\.|[_A-Za-z]\w*|-?\d[\w.+-]*|[!$&()[\]{}:=@|])/y

/** The tokens of a document; undefined where it is none. */
const tokensOf = (text: string): readonly string[] | undefined => {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text)
    if (found === null || tokens.length >= MAX_TOKENS) return undefined
    if (found[1] !== undefined) tokens.push(found[1])
  }
  return tokens
}

/** Thrown while a text is read that is no document. */
export class NoDocument extends Error {}

/** Where the reading of a document stands. */
export interface Reader {
  readonly tokens: readonly string[]
  at: number
}

export const isName = (token: string): boolean => NAME.test(token)

export const atEnd = ({ tokens, at }: Reader): boolean => at >= tokens.length

/** The token that comes next; '' at the end. */
export const peek = ({ tokens, at }: Reader): string => tokens[at] ?? ''

/** @throws NoDocument at the end */
export const take = (reader: Reader): string => {
  const token = reader.tokens[reader.at++]
  if (token === undefined) throw new NoDocument()
  return token
}

/** Passes over a token if it comes next. */
export const skip = (reader: Reader, token: string): boolean => {
  if (peek(reader) !== token) return false
  reader.at++
  return true
}

/** @throws NoDocument if another token comes next */
export const expect = (reader: Reader, token: string): void => {
  if (!skip(reader, token)) throw new NoDocument()
}

/** @throws NoDocument if no name comes next */
export const takeName = (reader: Reader): string => {
  const token = take(reader)
  if (!isName(token)) throw new NoDocument()
  return token
}

/** What `read` makes of a text; undefined where that is no document. */
export const readText = <T>(text: string, read: (reader: Reader) => T): T | undefined => {
  const tokens = tokensOf(text)
  if (tokens === undefined) return undefined
  return unlessNoDocument(() => read({ tokens, at: 0 }))
}

/** What `make` returns; undefined if it throws NoDocument, or finds what is nested deeper than the stack goes. */
export const unlessNoDocument = <T>(make: () => T): T | undefined => {
  try {
    return make()
  } catch (error) {
    if (error instanceof NoDocument || error instanceof RangeError) return undefined
    throw error
  }
}
