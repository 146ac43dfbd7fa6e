/** Bytes as a fuzzer makes them of good ones: what http-garden found to divide readers is put in more often than chance would. */
const PARTS = [
  '\r',
  '\n',
  '\0',
  '\t',
  ' ',
  ':',
  ';',
  ',',
  '=',
  '"',
  '+',
  '-',
  '_',
  '0',
  '1',
  'a',
  '\x0b',
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  '\r\n ',
  '\r\n\t',
  '\r\r\n',
  '0x',
  '0\r\n\r\n',
  ';a',
  ' HTTP/1.1',
  'chunked',
  'identity',
  'Content-Length: 1\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: x\r\n',
  'Connection: close\r\n',
  'Host: b.test\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
] as const

type Chance = () => number

const below = (random: Chance, limit: number): number => Math.floor(random() * limit)

const once = (text: string, random: Chance): string => {
  const at = below(random, text.length + 1)
  const to = Math.min(text.length, at + 1 + below(random, 8))
  const part = PARTS[below(random, PARTS.length)] as string
  switch (below(random, 6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + text.slice(to)
    case 2:
      return text.slice(0, to) + text.slice(at)
    case 3:
      return text.slice(0, at) + part + text.slice(to)
    case 4:
      return text.slice(0, at) + text.slice(at, to).toUpperCase() + text.slice(to)
    default:
      return text.slice(0, at) + part + text.slice(at)
  }
}

/** One to three changes. */
export const mutate = (text: string, random: Chance): string => {
  let changed = text
  for (let left = 1 + below(random, 3); left > 0; left--) changed = once(changed, random)
  return changed
}
