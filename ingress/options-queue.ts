/** Where an ingress keeps writes that wait for their backend. */

/** The folder of a process that is gone: the caller's until it is `over`. */
export interface Orphan {
  readonly dir: string
  /** `isTaken`: what it held is safe elsewhere. */
  readonly over: (isTaken: boolean) => void
}

/** Where accepted writes are kept until a backend takes them. */
export interface QueueOptions {
  /** A folder that is this process's alone. */
  readonly dir: string
  readonly maxBytes: number
  /** What other processes left behind. */
  readonly orphans?: () => readonly Orphan[]
  /** Folders of other processes beside this one. */
  readonly peers?: () => readonly string[]
  /** A folder that all of them share: there they see in which order the writes of a sender go. */
  readonly lines?: string
}
