import { describe, expect, it } from 'vitest'
import { graphqlAsked } from '../../../sinks/kit/asked.ts'

describe('graphqlAsked', () => {
  it('reads a request as it stands on the log', () => {
    const asked = (target: string, text: string) => {
      const bytes = new TextEncoder().encode(text)
      return graphqlAsked({
        target,
        requestBody: { mediaType: '', coding: '', bytes, length: bytes.length, cut: false },
      })
    }
    expect(asked('/graphql', '{"query":"{ user { id } }"}')).toBe('Query.user')
    expect(asked('/graphql?query=%7B+books+%7D', '')).toBe('Query.books')
    expect(asked('/graphql', 'no JSON')).toBeUndefined()
    expect(asked('/graphql', '')).toBeUndefined()
  })
})
