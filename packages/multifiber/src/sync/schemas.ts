/** Values of messages by schemas. Of `effect/Schema` only types are used: that takes longer to load than the rest together. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import { EncodingFailed } from "../Errors.ts"
import { describe } from "../wire/EncodedError.ts"

/** A step between a value and its message. */
export type Step<A, B> = (value: A) => Effect.Effect<B, EncodingFailed>

const stepOf =
  <A, B>(parse: (value: unknown) => Either.Either<B, ParseResult.ParseIssue>): Step<A, B> =>
  (value) =>
    Effect.suspend(() =>
      Either.mapLeft(
        parse(value),
        (issue) =>
          new EncodingFailed({
            subject: "message",
            value: describe(value),
            cause: ParseResult.parseError(issue),
          }),
      ),
    )

/** From a value to what is sent. */
export const encoder = <A, I>(schema: Schema.Schema<A, I>): Step<A, I> =>
  stepOf(ParseResult.encodeUnknownEither(schema))

/** From what was received to the value. */
export const decoder = <A, I>(schema: Schema.Schema<A, I>): Step<I, A> =>
  stepOf(ParseResult.decodeUnknownEither(schema))
