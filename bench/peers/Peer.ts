/** A pool of another library, with its workers started, that runs one of `workers/tasks.mjs`. */
export interface Peer<A> {
  readonly run: (n: number) => PromiseLike<A>
}

export const workerFile = (name: string): URL => new URL(`./workers/${name}.mjs`, import.meta.url)

interface Tasks {
  readonly increment: number
  readonly factorial: number
  readonly exactFactorial: bigint
}

/** Starts the pool of a library for one task. */
export type StartPeer = <Name extends keyof Tasks>(task: Name) => Peer<Tasks[Name]>
