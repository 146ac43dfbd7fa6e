/** Who visits the Bookstore: people who log in, and as many who do not. */
import { openShop } from './bookstore/data.ts'
import type { Visitor } from './traffic/traffic.ts'

export const visitors = (seed = 7): Visitor[] =>
  openShop(seed).users.flatMap((u) => [
    { name: u.name, email: u.email, password: u.password },
    { name: `guest ${u.id}`, email: '', password: '' },
  ])
