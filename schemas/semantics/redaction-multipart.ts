/** Secret fields of a `multipart/form-data` body: found by the heads of its parts, each byte looked at once. */

interface Secrets {
  readonly secret: (value: string) => string
  readonly isSecretField: (name: string) => boolean
}

const BLANK_LINE = '\r\n\r\n'
const NAME = /name="([^"\r\n]{1,64})"/g

const lineEnd = (text: string, from: number): number => {
  const length = text.slice(from).search(/[\r\n]/)
  return length < 0 ? text.length : from + length
}

/** Replaces the line behind a head that names a secret. It errs on one side only: too many. */
export const redactParts = (text: string, { secret, isSecretField }: Secrets): string => {
  let out = ''
  let kept = 0
  let head = 0
  for (let blank = text.indexOf(BLANK_LINE); blank >= 0; blank = text.indexOf(BLANK_LINE, head)) {
    const start = blank + BLANK_LINE.length
    const end = lineEnd(text, start)
    const names = [...text.slice(head, blank).matchAll(NAME)]
    if (end > start && names.some(([, name = '']) => isSecretField(name))) {
      out += text.slice(kept, start) + secret(text.slice(start, end))
      kept = end
    }
    head = end
  }
  return out + text.slice(kept)
}
