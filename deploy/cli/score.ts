/** The score of drift as a flag: `--fail-over 40`. */
import { InvalidArgumentError } from 'commander'

export const scoreOf = (text: string): number => {
  const score = Number(text)
  if (text === '' || !(score >= 0 && score <= 100)) throw new InvalidArgumentError('expected a score from 0 to 100')
  return score
}
