/** The page, and that of the learned API (docs.ts): hand-written files, read once. */
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'

const files = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page/app.js', 'app.js', 'text/javascript; charset=utf-8'],
  ['/page/style.css', 'style.css', 'text/css; charset=utf-8'],
  ['/page/icon.svg', 'icon.svg', 'image/svg+xml'],
  ['/page/docs.js', 'docs.js', 'text/javascript; charset=utf-8'],
  ['/page/docs.css', 'docs.css', 'text/css; charset=utf-8'],
] as const

export const pageRoutes = (app: Pick<Hono, 'get'>): void => {
  for (const [path, name, type] of files) {
    const text = readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8')
    app.get(path, (c) => c.body(text, 200, { 'content-type': type }))
  }
}
