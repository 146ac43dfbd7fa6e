/** What happens when, on a clock that jumps: a binary heap of things to do. */
export interface Timeline {
  /** ms */
  readonly now: () => number
  readonly in: (ms: number, act: () => void) => void
  /** Does everything that is due until then. */
  readonly run: (until: number) => void
}

interface Entry {
  readonly at: number
  readonly act: () => void
}

const up = (heap: Entry[], from: number): void => {
  const entry = heap[from] as Entry
  let i = from
  while (i > 0) {
    const parent = (i - 1) >> 1
    if ((heap[parent] as Entry).at <= entry.at) break
    heap[i] = heap[parent] as Entry
    i = parent
  }
  heap[i] = entry
}

const down = (heap: Entry[]): void => {
  const entry = heap[0] as Entry
  let i = 0
  for (;;) {
    const left = 2 * i + 1
    if (left >= heap.length) break
    const right = left + 1
    const child = right < heap.length && (heap[right] as Entry).at < (heap[left] as Entry).at ? right : left
    if ((heap[child] as Entry).at >= entry.at) break
    heap[i] = heap[child] as Entry
    i = child
  }
  heap[i] = entry
}

const take = (heap: Entry[]): Entry => {
  const first = heap[0] as Entry
  const last = heap.pop() as Entry
  if (heap.length > 0) {
    heap[0] = last
    down(heap)
  }
  return first
}

export const openTimeline = (): Timeline => {
  const heap: Entry[] = []
  let now = 0
  return {
    now: () => now,
    in: (ms, act) => {
      heap.push({ at: now + ms, act })
      up(heap, heap.length - 1)
    },
    run: (until) => {
      while (heap.length > 0 && (heap[0] as Entry).at <= until) {
        const { at, act } = take(heap)
        now = at
        act()
      }
    },
  }
}
