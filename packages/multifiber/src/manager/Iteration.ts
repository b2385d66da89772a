/** Somebody elsewhere goes through values of this agent. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { plainError } from "../sync/plainErrors.ts"

type Values = ReadonlyArray<unknown>

export abstract class Iteration {
  /** The next values, at most so many; none at the end. */
  abstract next(count: number): Values | Effect.Effect<Values, unknown>

  /** Nobody wants more. */
  abstract end(): unknown
}

class OfIterable extends Iteration {
  private readonly values: Iterator<unknown>
  private readonly what: string
  private readonly size: () => number
  private readonly before: number

  constructor(values: Iterable<unknown>, what: string, size: () => number) {
    super()
    this.values = values[Symbol.iterator]()
    this.what = what
    this.size = size
    this.before = size()
  }

  next(count: number): Values {
    if (this.size() !== this.before) throw plainError("ConcurrentModification", { what: this.what })
    const taken: Array<unknown> = []
    while (taken.length < count) {
      const { done, value } = this.values.next()
      if (done) break
      taken.push(value)
    }
    return taken
  }

  end(): unknown {
    return this.values.return?.()
  }
}

class OfStream extends Iteration {
  private readonly values: Stream.Stream<unknown, unknown>
  private readonly scope = Effect.runSync(Scope.make())
  private pull: Effect.Effect<Chunk.Chunk<unknown>, Option.Option<unknown>> | undefined = undefined
  /** What has come and was not taken. */
  private rest: Values = []

  constructor(values: Stream.Stream<unknown, unknown>) {
    super()
    this.values = values
  }

  next(count: number): Effect.Effect<Values, unknown> {
    return Effect.gen(this, function* () {
      this.pull ??= yield* Scope.extend(Stream.toPull(this.values), this.scope)
      while (this.rest.length === 0) {
        const pulled = yield* Effect.either(this.pull)
        if (pulled._tag === "Right") this.rest = Chunk.toReadonlyArray(pulled.right)
        else if (Option.isSome(pulled.left)) return yield* Effect.fail(pulled.left.value)
        else return []
      }
      const taken = this.rest.slice(0, count)
      this.rest = this.rest.slice(count)
      return taken
    })
  }

  end(): unknown {
    return Scope.close(this.scope, Exit.void)
  }
}

const isStream = (u: object): u is Stream.Stream<unknown, unknown> => Stream.StreamTypeId in Object(u)

const isAsync = (u: object): u is AsyncIterable<unknown> => Symbol.asyncIterator in Object(u)

/** Where the size of what it goes through is given, it ends once that changes. */
export const iterate = (
  values: Iterable<unknown> | AsyncIterable<unknown> | Stream.Stream<unknown, unknown>,
  what = "values",
  size = () => 0,
): Iteration => {
  if (isStream(values)) return new OfStream(values)
  return isAsync(values)
    ? new OfStream(Stream.fromAsyncIterable(values, (thrown) => thrown))
    : new OfIterable(values, what, size)
}
