/**
 * How texts and numbers look, and new ones that look the same. Nothing here is random: a new value follows from a seed
 * (the request and its time), so that every process that folds the log makes the same one.
 */
import { drawsFrom, letterFrom } from './draws.ts'
import type { Json } from './model.ts'
import { isDigits } from './pointers.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/
const DAY = /^\d{4}-\d\d-\d\d$/
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/
const HEX = /^[0-9a-f]+$/
const LONGEST = 64

const maskOf = (text: string): string => {
  let mask = ''
  for (const part of text.split(/([^0-9A-Za-z])/)) {
    const isHex = part.length >= 4 && HEX.test(part) && /\d/.test(part)
    mask += isHex ? 'h'.repeat(part.length) : part.replace(/[0-9]/g, '0').replace(/[a-z]/g, 'a').replace(/[A-Z]/g, 'A')
  }
  return mask
}

const formOfNumber = (value: number): string | undefined => {
  if (!Number.isSafeInteger(value)) return undefined
  if (value > 1e12 && value < 1e13) return 'ms'
  return value > 1e9 && value < 1e10 ? 's' : 'int'
}

const formOfTime = (text: string): string | undefined => {
  const iso = ISO.exec(text)
  if (iso !== null) return `iso.${Math.max(0, (iso[1]?.length ?? 1) - 1)}${iso[2] === 'Z' ? 'Z' : '+00:00'}`
  if (DAY.test(text)) return 'day'
  return HTTP_DATE.test(text) ? 'http' : undefined
}

/** The form of a value: `int`, `iso.3Z`, `day`, a mask such as `~hhhhhhhh-hhhh`; undefined for prose, floats and the like. */
export const formOf = (value: Json): string | undefined => {
  if (typeof value === 'number') return formOfNumber(value)
  if (typeof value !== 'string' || value === '' || value.length > LONGEST) return undefined
  const time = formOfTime(value)
  if (time !== undefined) return time
  if (isDigits(value)) return 'digits'
  return value.includes(' ') ? undefined : `~${maskOf(value)}`
}

export const isTimeForm = (form: string): boolean =>
  form.startsWith('iso') || form === 'day' || form === 'http' || form === 'ms' || form === 's'

/** A moment (µs) in a form. */
export const timeIn = (form: string, micros: number): Json | undefined => {
  const ms = Math.floor(micros / 1000)
  if (form === 'ms') return ms
  if (form === 's') return Math.floor(ms / 1000)
  const text = new Date(ms).toISOString()
  if (form === 'day') return text.slice(0, 10)
  if (form === 'http') return new Date(ms).toUTCString()
  const shape = /^iso\.(\d)(.*)$/.exec(form)
  if (shape === null) return undefined
  const digits = Number(shape[1])
  const fraction = digits === 0 ? '' : `.${text.slice(20, 23).padEnd(digits, '0').slice(0, digits)}`
  return `${text.slice(0, 19)}${fraction}${shape[2]}`
}

/** The moment (µs) that a value names; undefined when it names none. */
export const momentOf = (value: Json): number | undefined => {
  const form = formOf(value)
  if (form === undefined || !isTimeForm(form)) return undefined
  if (form === 'ms') return (value as number) * 1000
  if (form === 's') return (value as number) * 1e6
  const ms = Date.parse(value as string)
  return Number.isNaN(ms) ? undefined : ms * 1000
}

const ALPHABET: Readonly<Record<string, string>> = {
  '0': '0123456789',
  a: 'abcdefghijklmnopqrstuvwxyz',
  A: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  h: '0123456789abcdef',
}

/** A new text in the form of a mask, from a prefix on. */
const masked = (mask: string, seed: string, prefix: string): string => {
  const draw = drawsFrom(seed)
  let text = prefix
  for (const place of mask.slice(prefix.length)) {
    const letters = ALPHABET[place]
    text += letters === undefined ? place : letterFrom(letters, draw)
  }
  return text
}

const UUID = /^~h{8}-h{4}-h{4}-h{4}-h{12}$/

/** A new value in a form, made from a seed; undefined where the form says too little. */
export const freshIn = (form: string, seed: string, prefix = ''): string | undefined => {
  if (!form.startsWith('~')) return undefined
  const text = masked(form.slice(1), seed, prefix)
  // RFC 9562: version 4, variant 10.
  return UUID.test(form)
    ? `${text.slice(0, 14)}4${text.slice(15, 19)}${letterFrom('89ab', drawsFrom(`variant ${seed}`))}${text.slice(20)}`
    : text
}

/** As many APIs make slugs of titles. */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9\s_-]/g, '')
    .trim()
    .replace(/[\s_-]+/g, '-')

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** RFC 4648 §4 and §5, padded or not; undefined for anything else. Latin-1 text. */
export const fromBase64 = (text: string): string | undefined => {
  const clean = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  if (clean.length < 2 || clean.length % 4 === 1 || !/^[A-Za-z0-9+/]+$/.test(clean)) return undefined
  let out = ''
  let bits = 0
  let held = 0
  for (const letter of clean) {
    held = ((held << 6) | BASE64.indexOf(letter)) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    out += String.fromCharCode((held >> bits) & 255)
  }
  return out
}

export const toBase64 = (text: string): string => {
  let out = ''
  for (let i = 0; i < text.length; i += 3) {
    const [a, b, c] = [text.charCodeAt(i), text.charCodeAt(i + 1), text.charCodeAt(i + 2)]
    const word = (a << 16) | ((b || 0) << 8) | (c || 0)
    out += `${BASE64[(word >> 18) & 63]}${BASE64[(word >> 12) & 63]}`
    out += Number.isNaN(b) ? '==' : `${BASE64[(word >> 6) & 63]}${Number.isNaN(c) ? '=' : BASE64[word & 63]}`
  }
  return out
}
