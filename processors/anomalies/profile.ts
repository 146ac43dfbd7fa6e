/** What is usual at a service and its endpoints, as far as single requests are judged by it. */
import { emptyHistogram, type Histogram } from './histogram.ts'
import { newHabit, type Habit } from './habit.ts'

export interface Profile {
  requests: number
  /** Requests to paths that are no endpoint. */
  unknown: number
  /** Requests in which something looked like an attack. */
  signs: number
  /** Requests that asked to be taken for another; absent in what was kept before there was such a thing. */
  overriding?: number
  methods: Habit
  agents: Habit
  /** Bytes, at endpoints that are not known well enough. */
  request: Histogram
  response: Histogram
  /** Requests of one client in ten minutes. */
  pace: Histogram
}

export const newProfile = (): Profile => ({
  requests: 0,
  unknown: 0,
  signs: 0,
  methods: newHabit(),
  agents: newHabit(),
  request: emptyHistogram(),
  response: emptyHistogram(),
  pace: emptyHistogram(),
})

/** A parameter: how often it came, and which characters its values hold, with how many values since one was new. */
export type Parameter = [name: string, count: number, classes: number, steady: number]

export interface Manners {
  requests: number
  /** Requests with a parameter that was new. */
  novel: number
  parameters: Parameter[]
  unauthorised: number
  /** Requests in which something looked like an attack. */
  signs: number
  request: Histogram
  response: Histogram
  /** Names in the objects that were sent, how many were, and how many had a new one; absent until one was. */
  fields?: string[]
  bodies?: number
  novelFields?: number
}

/** Where there are more, new ones are no news. */
export const MAX_FIELDS = 32

export const newManners = (): Manners => ({
  requests: 0,
  novel: 0,
  parameters: [],
  unauthorised: 0,
  signs: 0,
  request: emptyHistogram(),
  response: emptyHistogram(),
})
