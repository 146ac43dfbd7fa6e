import { describe, expect, it } from 'vitest'
import { readRequest } from '../../../../schemas/semantics/ghosts/asked.ts'
import type { Asked } from '../../../../schemas/semantics/ghosts/asked.ts'
import { learnLink, linksOf } from '../../../../schemas/semantics/ghosts/links.ts'
import type { LinkRole } from '../../../../schemas/semantics/ghosts/counted.ts'

const ask = (target: string): Asked =>
  readRequest({
    service: 's',
    method: 'GET',
    target,
    headers: [],
    body: undefined,
    principal: '',
    at: 0,
    writes: false,
  })
const spot = (page: number, total = 50) => ({ page, base: 1, offset: 0, limit: 10, count: 10, total })

interface Page {
  readonly target: string
  readonly page: number
  readonly next: string | null
  readonly previous: string | null
}
const learned = (pages: readonly Page[]): LinkRole[] => {
  const links: LinkRole[] = []
  for (const { target, page, next, previous } of pages) {
    learnLink(links, ['/next', next], ask(target), spot(page))
    learnLink(links, ['/previous', previous], ask(target), spot(page))
  }
  return links
}
const BASE = 'http://api.test/rows/'
const pages: readonly Page[] = [
  { target: '/rows/', page: 1, next: `${BASE}?page=2`, previous: null },
  { target: '/rows/?kind=a&page=2', page: 2, next: `${BASE}?kind=a&page=3`, previous: `${BASE}?kind=a` },
  { target: '/rows/?page=3', page: 3, next: `${BASE}?page=4`, previous: `${BASE}?page=2` },
]

describe('links to other pages', () => {
  it('are this request with another page in it', () => {
    const found = linksOf(learned(pages), ask('/rows/?kind=b&page=4'), spot(4))
    expect(Object.fromEntries(found)).toEqual({
      '/next': `${BASE}?kind=b&page=5`,
      '/previous': `${BASE}?kind=b&page=3`,
    })
  })

  it('end where the pages end, and leave the first page unnamed where the server does', () => {
    const links = learned(pages)
    expect(linksOf(links, ask('/rows/?page=5'), spot(5)).get('/next')).toBeNull()
    expect(linksOf(links, ask('/rows/?page=2'), spot(2)).get('/previous')).toBe(BASE)
  })

  it('are not guessed from one answer, nor where a text is no such link', () => {
    expect(linksOf(learned(pages.slice(0, 1)), ask('/rows/?page=2'), spot(2)).size).toBe(0)
    const other = pages.map((page) => ({ ...page, next: `${BASE}?cursor=${page.page}x`, previous: null }))
    expect(linksOf(learned(other), ask('/rows/?page=4'), spot(4)).size).toBe(0)
  })
})
