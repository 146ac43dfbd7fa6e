/**
 * Tells drawn letters from chosen ones: the log likelihood ratio of "drawn evenly from the alphabet in use" against "words,
 * after one another". The letter bigrams are those of our own vocabulary, once a word, with add-half smoothing.
 */
import { vocabularyWords } from './vocabulary.ts'

const LETTERS = 26
const CASE_SWITCH = Math.log(0.08)
const KIND_SWITCH = Math.log(0.04)
const SEPARATOR = Math.log(0.1)
const DIGIT = Math.log(0.1)

const letterOf = (code: number): number => {
  const lower = code | 32
  return lower >= 97 && lower <= 122 ? lower - 97 : -1
}
const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isUpper = (code: number): boolean => code >= 65 && code <= 90

const learnBigrams = (): Float64Array => {
  const counts = new Float64Array((LETTERS + 1) * LETTERS).fill(0.5)
  for (const word of vocabularyWords()) {
    let before = LETTERS
    for (let i = 0; i < word.length; i++) {
      const letter = letterOf(word.charCodeAt(i))
      if (letter < 0) break
      counts[before * LETTERS + letter] = (counts[before * LETTERS + letter] ?? 0) + 1
      before = letter
    }
  }
  return counts.map((count, i) => {
    const row = Math.floor(i / LETTERS) * LETTERS
    let sum = 0
    for (let l = 0; l < LETTERS; l++) sum += counts[row + l] ?? 0
    return Math.log(count / sum)
  })
}
const bigrams = learnBigrams()

/** Size of the alphabet that a text draws from. */
const alphabetOf = (text: string): number => {
  let size = 0
  if (/[a-z]/.test(text)) size += 26
  if (/[A-Z]/.test(text)) size += 26
  if (/\d/.test(text)) size += 10
  if (/[-_.~=+]/.test(text)) size += 2
  return Math.max(size, 2)
}

/** A letter begins a word after anything but a letter, and where upper case follows lower. */
const letterStep = (code: number, letter: number, previous: number): number => {
  const before = letterOf(previous)
  const rises = before >= 0 && isUpper(code) && !isUpper(previous)
  const row = before < 0 || rises ? LETTERS : before
  const cost = bigrams[row * LETTERS + letter] ?? 0
  if (isDigit(previous)) return cost + KIND_SWITCH
  return rises ? cost + CASE_SWITCH : cost
}

/** What the words model says of one more character. */
const step = (text: string, i: number): number => {
  const code = text.charCodeAt(i)
  const previous = i === 0 ? 45 : text.charCodeAt(i - 1)
  const letter = letterOf(code)
  if (letter >= 0) return letterStep(code, letter, previous)
  if (!isDigit(code)) return SEPARATOR
  return letterOf(previous) >= 0 ? DIGIT + KIND_SWITCH : DIGIT
}

/** Natural logarithm of the odds that `text` was drawn, not chosen; before any prior. */
export const randomness = (text: string): number => {
  const drawn = -Math.log(alphabetOf(text))
  let sum = 0
  for (let i = 0; i < text.length; i++) sum += drawn - step(text, i)
  return sum
}
