/** Keeps no process alive. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

/** undefined when it worked, otherwise why not; at the latest after `ms`. */
export const settled = (work: Promise<unknown>, ms: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`no answer within ${ms} ms`), ms)
    const done = (reason: string | undefined): void => {
      clearTimeout(timer)
      resolve(reason)
    }
    work.then(
      () => done(undefined),
      (error: unknown) => done(error instanceof Error ? error.message : String(error)),
    )
  })
