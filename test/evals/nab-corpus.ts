/** Reads the Numenta Anomaly Benchmark from a copy of its repository, or from a bare git directory of it. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Source {
  read(file: string): string
  list(folder: string): readonly string[]
}

export const sourceAt = (path: string): Source => {
  if (existsSync(join(path, 'data')))
    return { read: (file) => readFileSync(join(path, file), 'utf8'), list: (folder) => readdirSync(join(path, folder)) }
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['--git-dir', path, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  return {
    read: (file) => git('show', `HEAD:${file}`),
    list: (folder) => git('ls-tree', '--name-only', `HEAD:${folder}`).trim().split('\n'),
  }
}

export interface Reading {
  /** µs. */
  readonly at: number
  readonly value: number
}

export interface Series {
  readonly name: string
  readonly readings: readonly Reading[]
  /** The first and the last reading of each labelled window. */
  readonly windows: readonly (readonly [from: number, to: number])[]
}

const seriesOf = (source: Source, name: string, labels: readonly (readonly [string, string])[]): Series => {
  const rows = source.read(`data/${name}`).trim().split('\n').slice(1)
  const cells = rows.map((row) => row.split(','))
  const times = cells.map(([time = '']) => time.trim().slice(0, 19))
  const place = (time: string): number => times.indexOf(time.slice(0, 19))
  const readings = cells.map(([, value], i) => ({ at: Date.parse(`${times[i]}Z`) * 1000, value: Number(value) }))
  return { name, readings, windows: labels.map(([from, to]) => [place(from), place(to)]) }
}

/** Every series of a group, such as `realTweets`. */
export const groupOf = (source: Source, group: string): readonly Series[] => {
  const labels = JSON.parse(source.read('labels/combined_windows.json')) as Record<string, [string, string][]>
  return source
    .list(`data/${group}`)
    .map((file) => seriesOf(source, `${group}/${file}`, labels[`${group}/${file}`] ?? []))
}

/** A published detector's scores of a series: NAB's `results/DETECTOR/GROUP/DETECTOR_FILE.csv`. */
export const publishedScores = (source: Source, detector: string, { name }: Series): number[] => {
  const rows = source
    .read(`results/${detector}/${name.replace('/', `/${detector}_`)}`)
    .trim()
    .split('\n')
  return rows.slice(1).map((row) => Number(row.split(',')[2]))
}
