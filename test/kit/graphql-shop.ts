/** A GraphQL server of books and authors: documents are executed field by field, errors are 200 with `errors`. */
import { selectionOf, type Selected } from '../../schemas/semantics/graphql-selection.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Fields = Record<string, unknown>

export interface GraphqlRequest {
  readonly query: string
  readonly variables?: Fields
  readonly operationName?: string
}

interface Book extends Fields {
  id: string
  title: string
  year: number
  authorId: string
}

const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Leslie', 'Tony', 'Robin']

const openShelf = (size: number) => {
  const authors = NAMES.map((name, i) => ({ id: String(i + 1), name, country: ['UK', 'US', 'NL'][i % 3] }))
  const books: Book[] = Array.from({ length: size }, (_, i) => ({
    id: String(i + 1),
    title: `Volume ${(i * 37) % 101} of ${NAMES[i % NAMES.length]}`,
    year: 1950 + ((i * 13) % 70),
    authorId: String((i % NAMES.length) + 1),
  }))
  return { authors, books }
}

/** Thrown by resolvers: becomes an entry of `errors`. */
class Failed extends Error {}

const resolversOf = ({ authors, books }: ReturnType<typeof openShelf>) => {
  const bookAt = (id: unknown): Book => {
    const book = books.find((one) => one.id === String(id))
    if (book === undefined) throw new Failed(`Book ${String(id)} does not exist`)
    return book
  }
  return {
    query: {
      book: ({ id }: Fields) => bookAt(id),
      books: ({ first = 10, after = 0 }: Fields) => books.slice(Number(after), Number(after) + Number(first)),
      author: ({ id }: Fields) => authors.find((one) => one.id === String(id)) ?? null,
      authors: () => authors,
    },
    mutation: {
      renameBook: ({ id, title }: Fields) => Object.assign(bookAt(id), { title }),
      addBook: ({ title, authorId }: Fields) => {
        const book = { id: String(books.length + 1), title: String(title), year: 2024, authorId: String(authorId) }
        books.push(book)
        return book
      },
    },
    type: {
      author: ({ authorId }: Fields) => authors.find((one) => one.id === authorId) ?? null,
      books: ({ id }: Fields) => books.filter((one) => one.authorId === id),
      __typename: (one: Fields) => ('title' in one ? 'Book' : 'Author'),
    },
  }
}

type Resolve = (of: Fields) => unknown
type Resolvers = Readonly<Record<string, Resolve>>

const completed = (value: unknown, kids: readonly Selected[] | undefined, resolvers: Resolvers): Json => {
  if (Array.isArray(value)) return value.map((item) => completed(item, kids, resolvers))
  if (kids === undefined || value === null) return (value ?? null) as Json
  const fields: Record<string, Json> = {}
  for (const kid of kids) {
    const resolve = resolvers[kid.field] ?? ((of: Fields) => of[kid.field])
    fields[kid.key] = completed(resolve(value as Fields), kid.kids, resolvers)
  }
  return fields
}

/** A shop with so many books. */
export const openGraphqlShop = (size: number) => {
  const { query, mutation, type } = resolversOf(openShelf(size))
  return {
    execute: ({ query: text, variables = {}, operationName = '' }: GraphqlRequest): Fields => {
      const roots = (/^\s*mutation\b/.test(text) ? mutation : query) as Resolvers
      const data: Record<string, Json> = {}
      const errors: Json[] = []
      for (const { key, field, args, kids } of selectionOf(text, operationName, variables as never) ?? []) {
        try {
          data[key] = completed(roots[field]?.(args as Fields), kids, type)
        } catch (error) {
          if (!(error instanceof Failed)) throw error
          data[key] = null
          errors.push({ message: error.message, path: [key], extensions: { code: 'NOT_FOUND' } })
        }
      }
      return errors.length === 0 ? { data } : { errors, data }
    },
  }
}
