/** `/admin/docs`: the learned API in Swagger UI, whose files are ours to serve: no page here fetches from elsewhere. */
import type { Hono } from 'hono'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const FILES = [
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
] as const

/** Swagger UI sets style attributes and has its icons in data URLs; scripts are none but ours here, too. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Beside the page in the published package, among the dependencies in the repository. */
const placeOf = (name: string): string => {
  const beside = fileURLToPath(new URL(`./page/${name}`, import.meta.url))
  return existsSync(beside) ? beside : createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`)
}

/** Read when first asked for: most consoles never are. */
const lazily = <V>(make: () => V): (() => V) => {
  let made: { readonly value: V } | undefined
  return () => (made ??= { value: make() }).value
}

/** The page, and what it is made of. */
export const docsRoutes = (app: Pick<Hono, 'get'>): void => {
  const page = readFileSync(new URL('./page/docs.html', import.meta.url), 'utf8')
  app.get('/admin/docs', (c) =>
    c.body(page, 200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY }),
  )
  for (const [name, type] of FILES) {
    const packed = lazily(() => gzipSync(readFileSync(placeOf(name))))
    const plain = lazily(() => readFileSync(placeOf(name)))
    app.get(`/admin/docs/${name}`, (c) => {
      const zipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
      const headers = { 'content-type': type, 'cache-control': 'private, max-age=86400', vary: 'accept-encoding' }
      return zipped
        ? c.body(new Uint8Array(packed()), 200, { ...headers, 'content-encoding': 'gzip' })
        : c.body(new Uint8Array(plain()), 200, headers)
    })
  }
}
