/** Somebody elsewhere goes through values of this agent. */
import * as Stream from "effect/Stream"
import { plainError } from "../sync/plainErrors.ts"

type Values = Iterable<unknown> | AsyncIterable<unknown> | Stream.Stream<unknown, unknown>

const isStream = (u: Values): u is Stream.Stream<unknown, unknown> => Stream.StreamTypeId in u

const isAsync = (u: object): u is AsyncIterable<unknown> => Symbol.asyncIterator in u

export class Iteration {
  private readonly values: Iterator<unknown> | AsyncIterator<unknown>
  private readonly isAsync: boolean
  private readonly what: string
  private readonly size: () => number
  private readonly before: number

  /** Where the size of what it goes through is given, it ends once that changes. */
  constructor(values: Values, what = "values", size = () => 0) {
    const iterable = isStream(values) ? Stream.toAsyncIterable(values) : values
    this.isAsync = isAsync(iterable)
    this.values = isAsync(iterable) ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
    this.what = what
    this.size = size
    this.before = size()
  }

  /** The next values, at most so many; none at the end. */
  next(count: number): ReadonlyArray<unknown> | Promise<ReadonlyArray<unknown>> {
    if (this.size() !== this.before) throw plainError("ConcurrentModification", { what: this.what })
    if (this.isAsync) return this.nextLater()
    const taken: Array<unknown> = []
    while (taken.length < count) {
      const { done, value } = this.values.next() as IteratorResult<unknown>
      if (done) break
      taken.push(value)
    }
    return taken
  }

  private async nextLater(): Promise<ReadonlyArray<unknown>> {
    const { done, value } = await this.values.next()
    return done ? [] : [value]
  }

  /** Nobody wants more. */
  end(): unknown {
    return this.values.return?.()
  }
}
