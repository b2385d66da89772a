/** What came to an OS process when who had asked for it did not want it any more: for others there that wait, or ask next. */
export class Kept<A> {
  private readonly values: Array<A> = []
  private readonly waiting = new Set<() => void>()

  get isEmpty(): boolean {
    return this.values.length === 0
  }

  keep(value: A): void {
    this.values.push(value)
    for (const look of this.waiting) look()
  }

  take(): A | undefined {
    return this.values.shift()
  }

  /** Lets somebody look whenever something comes; returns what ends that. */
  watch(look: () => void): () => void {
    this.waiting.add(look)
    return () => this.waiting.delete(look)
  }
}
