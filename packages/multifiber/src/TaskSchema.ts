/**
 * Tasks whose values have schemas: they are checked and encoded on both sides, and typed errors arrive as themselves.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Codec, WithSchemas } from "./Task.ts"

/**
 * The schemas of a task. Each is optional: values without a schema travel by structured clone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Schemas<Args extends ReadonlyArray<any>, A, E> {
  /** Of the arguments, as a tuple. */
  readonly payload?: Schema.Schema<Readonly<Args>, any>
  readonly success?: Schema.Schema<A, any>
  readonly error?: Schema.Schema<E, any>
}

/**
 * Gives a function of `Task.module` schemas. They must not need services.
 *
 * **Errors** – arguments or results that a schema refuses fail the call with `EncodingFailed`, arguments before they
 * are sent. What the function throws or fails with arrives decoded where the error schema knows it, else as
 * `RemoteFailure`.
 *
 * @example
 * import { Effect, Schema } from "effect"
 * import { Pool, Task, TaskSchema } from "multifiber"
 * import { Main } from "@multifiber/platform"
 *
 * class OddNumber extends Schema.TaggedError<OddNumber>()("OddNumber", { n: Schema.Number }) {}
 *
 * export const { half } = Task.module(import.meta.url, {
 *   half: TaskSchema.make(
 *     { payload: Schema.Tuple(Schema.Number), error: OddNumber },
 *     (n) => (n % 2 === 0 ? Effect.succeed(n / 2) : Effect.fail(new OddNumber({ n })))
 *   )
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const pool = yield* Pool.make({ size: 1 })
 *   console.log(yield* Pool.apply(pool, half, [8])) // => 4
 *   const odd = yield* Pool.apply(pool, half, [7]).pipe(Effect.catchTag("OddNumber", ({ n }) => Effect.succeed(n)))
 *   console.log(odd) // => 7
 * }))
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Args extends ReadonlyArray<any>, A, E = never, R = never>(
  schemas: Schemas<Args, A, E>,
  fn: (...args: Args) => A | Promise<A> | Effect.Effect<A, E, R>,
): WithSchemas<Args, A, E, R> & { readonly codec: Codec } => ({ fn, codec: codecOf(schemas) })

const codecOf = ({ error, payload, success }: Schemas<any, any, any>): Codec => {
  const identity = (value: any): any => value
  const encodeError = error && Schema.encodeUnknownEither(error)
  return {
    encodeArgs: payload ? (Schema.encodeUnknownSync(payload) as (args: unknown) => any) : identity,
    decodeArgs: payload ? (Schema.decodeUnknownSync(payload) as (args: unknown) => any) : identity,
    encodeSuccess: success ? Schema.encodeUnknownSync(success) : identity,
    decodeSuccess: success ? Schema.decodeUnknownSync(success) : identity,
    encodeError: (value) => {
      const encoded = encodeError?.(value)
      return encoded && Either.isRight(encoded) ? { value: encoded.right } : undefined
    },
    decodeError: error ? Schema.decodeUnknownSync(error) : identity,
  }
}
