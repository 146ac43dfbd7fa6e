/** The shop's stock, made from a seed: no two shops with the same seed differ. */
import { seeded, type Random } from '../random.ts'

export interface Author {
  readonly id: number
  readonly name: string
  readonly country: string
  readonly born: number
}

export interface Book {
  readonly id: number
  readonly title: string
  readonly authorId: number
  readonly genre: string
  readonly price: number
  readonly currency: 'EUR'
  readonly pages: number
  readonly published: string
  readonly isbn: string
  readonly inStock: boolean
}

export interface Review {
  readonly id: string
  readonly bookId: number
  readonly user: string
  readonly stars: number
  readonly text: string
}

export interface User {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly password: string
  readonly token: string
}

export interface CartItem {
  readonly bookId: number
  readonly quantity: number
}

export interface Order {
  readonly id: string
  readonly status: 'placed' | 'shipped' | 'delivered'
  readonly items: readonly CartItem[]
  readonly total: number
}

export interface Shop {
  readonly authors: readonly Author[]
  readonly books: readonly Book[]
  readonly reviews: Review[]
  readonly users: readonly User[]
  readonly carts: Map<number, CartItem[]>
  readonly orders: Map<number, Order[]>
}

const FIRST = ['Ada', 'Bela', 'Chidi', 'Dora', 'Emil', 'Fatou', 'Goran', 'Hana', 'Ines', 'Jun', 'Kofi', 'Lena']
const LAST = ['Almeida', 'Brandt', 'Costa', 'Diallo', 'Eriksen', 'Fodor', 'Garcia', 'Horvat', 'Ito', 'Jansen']
const ADJECTIVE = ['Silent', 'Last', 'Hidden', 'Broken', 'Golden', 'Distant', 'Burning', 'Patient', 'Second', 'Wild']
const NOUN = ['River', 'Garden', 'Winter', 'Machine', 'Island', 'Library', 'Signal', 'Harbour', 'Letter', 'Mountain']
const COUNTRY = ['PT', 'DE', 'NG', 'SN', 'NO', 'HU', 'ES', 'HR', 'JP', 'NL']
export const GENRES = ['fantasy', 'history', 'mystery', 'poetry', 'science', 'travel'] as const
const OPINION = ['Could not put it down.', 'Slow start, great end.', 'Not for me.', 'A gift to everyone I know.']

const two = (n: number): string => String(n).padStart(2, '0')

const book = (random: Random, id: number, authors: number): Book => ({
  id,
  title: `The ${random.pick(ADJECTIVE)} ${random.pick(NOUN)}`,
  authorId: 1 + random.int(authors),
  genre: random.pick(GENRES),
  price: 5 + random.int(3000) / 100,
  currency: 'EUR',
  pages: 80 + random.int(700),
  published: `${1950 + random.int(75)}-${two(1 + random.int(12))}-${two(1 + random.int(28))}`,
  isbn: `978-${random.int(10)}-${1000 + random.int(9000)}-${1000 + random.int(9000)}-${random.int(10)}`,
  inStock: random.next() < 0.85,
})

const user = (id: number): User => {
  const name = FIRST[id % FIRST.length] ?? 'Ada'
  return {
    id,
    name,
    email: `${name.toLowerCase()}@readers.example`,
    password: `secret-${name.toLowerCase()}`,
    token: `tok-${name.toLowerCase()}-${(id * 7919).toString(36)}`,
  }
}

const order = (random: Random, id: string, books: readonly Book[]): Order => {
  const items = [0, 1].map(() => ({ bookId: 1 + random.int(books.length), quantity: 1 + random.int(2) }))
  return { id, status: random.pick(['placed', 'shipped', 'delivered'] as const), items, total: totalOf(items, books) }
}

/** What a list of items costs, in cents without rounding noise. */
export const totalOf = (items: readonly CartItem[], books: readonly Book[]): number =>
  Math.round(items.reduce((sum, i) => sum + 100 * i.quantity * (books[i.bookId - 1]?.price ?? 0), 0)) / 100

/** Stocks a shop. */
export const openShop = (seed: number): Shop => {
  const random = seeded(seed)
  const authors = Array.from({ length: 12 }, (_, i) => ({
    id: i + 1,
    name: `${random.pick(FIRST)} ${random.pick(LAST)}`,
    country: random.pick(COUNTRY),
    born: 1920 + random.int(80),
  }))
  const books = Array.from({ length: 60 }, (_, i) => book(random, i + 1, authors.length))
  const users = Array.from({ length: 6 }, (_, i) => user(i + 1))
  const reviews = books.flatMap((b) =>
    Array.from({ length: random.int(4) }, (_, i) => ({
      id: `rev_${b.id}_${i + 1}`,
      bookId: b.id,
      user: random.pick(users).name,
      stars: 1 + random.int(5),
      text: random.pick(OPINION),
    })),
  )
  const orders = users.map((u): [number, Order[]] => [
    u.id,
    Array.from({ length: 1 + random.int(3) }, (_, i) =>
      order(random, `ord_${u.id}${i + 1}${1000 + random.int(9000)}`, books),
    ),
  ])
  return { authors, books, reviews, users, carts: new Map(users.map((u) => [u.id, []])), orders: new Map(orders) }
}
