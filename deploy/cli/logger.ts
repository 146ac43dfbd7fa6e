/** The log of a process: NDJSON by pino where nobody watches, plain lines for a person at a terminal. */
import pino from 'pino'
import { harmless, type Colour, type Terminal } from './terminal.ts'

export interface Logger {
  debug(obj: object, msg: string): void
  info(obj: object, msg: string): void
  warn(obj: object, msg: string): void
  error(obj: object, msg: string): void
}

export type Level = 'debug' | 'info' | 'warn' | 'error'
export const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error']

/** A logger out of one function: the child processes have one that sends to the parent. */
export const loggerOf = (write: (level: Level, obj: object, msg: string) => void): Logger => ({
  debug: (obj, msg) => write('debug', obj, msg),
  info: (obj, msg) => write('info', obj, msg),
  warn: (obj, msg) => write('warn', obj, msg),
  error: (obj, msg) => write('error', obj, msg),
})

/** NDJSON on stdout. */
export const jsonLogger = (level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })

const COLOUR: Readonly<Record<Level, Colour>> = { debug: 'dim', info: 'dim', warn: 'yellow', error: 'red' }

const details = (obj: object): string => {
  const parts = Object.entries(obj).map(([key, value]) => {
    const text = value instanceof Error ? value.message : typeof value === 'string' ? value : JSON.stringify(value)
    return `${key}=${harmless(text ?? '')}`
  })
  return parts.length === 0 ? '' : `  ${parts.join(' ')}`
}

/** Lines for a person: warnings and errors, everything when `level` asks for it. */
export const terminalLogger = (terminal: Terminal, level: string): Logger => {
  const least = level === 'silent' ? LEVELS.length : Math.max(0, LEVELS.indexOf(level as Level))
  return loggerOf((at, obj, msg) => {
    if (LEVELS.indexOf(at) < least) return
    terminal.print(`  ${terminal.paint(COLOUR[at], at.padEnd(8))} ${msg}${terminal.paint('dim', details(obj))}`)
  })
}
