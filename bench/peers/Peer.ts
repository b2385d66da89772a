/** A pool of another library, with its workers started. */
export interface Peer {
  /** Adds one in a worker. */
  readonly run: (n: number) => PromiseLike<number>
}

export const workerFile = (name: string): URL => new URL(`./workers/${name}.mjs`, import.meta.url)
