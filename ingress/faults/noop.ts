/** The fault that does nothing. */
import type { Phase } from '../phases/compose.ts'

export const noop: Phase = (_context, next) => next()
