/**
 * In which form a write is answered: with nothing, with what it wrote, or with a list of that. It may hang on what the
 * request prefers (RFC 7240 §4.2, `Prefer: return=minimal`) and accepts, which is counted.
 */
import type { Asked } from './asked.ts'
import type { WriteForm } from './counted.ts'

export type Shape = 'none' | 'one' | 'rows'

const RETURN = /\breturn\s*=\s*"?([\w-]+)/i
const preferOf = ({ headers }: Asked): string => RETURN.exec(headers.get('prefer') ?? '')?.[1]?.toLowerCase() ?? ''

const MAX_FORMS = 16
const MAX_ACCEPT = 200
const acceptOf = ({ headers }: Asked): string => (headers.get('accept') ?? '').slice(0, MAX_ACCEPT)

/** Counts the form of one answer. */
export const learnWriteForm = (forms: WriteForm[], asked: Asked, status: number, shape: Shape): void => {
  const [prefer, accept] = [preferOf(asked), acceptOf(asked)]
  const known = forms.find((f) => f[0] === prefer && f[1] === accept && f[2] === status && f[3] === shape)
  if (known !== undefined) known[4]++
  else if (forms.length < MAX_FORMS) forms.push([prefer, accept, status, shape, 1])
}

const commonest = (forms: readonly WriteForm[]): WriteForm | undefined =>
  forms.reduce<WriteForm | undefined>(
    (best, form) => (best === undefined || form[4] > best[4] ? form : best),
    undefined,
  )

/** The form of the answer; `status` is 0 where it does not hang on what the request prefers. */
export const writeFormOf = (
  forms: readonly WriteForm[],
  asked: Asked,
): { readonly status: number; readonly shape: Shape } | undefined => {
  const [prefer, accept] = [preferOf(asked), acceptOf(asked)]
  const preferred = forms.filter((form) => form[0] === prefer)
  const form = commonest(preferred.filter((f) => f[1] === accept)) ?? commonest(preferred)
  if (form === undefined) return undefined
  const isPreferred = preferred.length < forms.length
  if (!isPreferred && form[3] !== 'rows') return undefined
  return { status: isPreferred ? form[2] : 0, shape: form[3] as Shape }
}
