/** What plain code throws, as failures of Effects. */
import * as Effect from "effect/Effect"
import * as Errors from "../Errors.ts"
import type { Tag } from "./plainErrors.ts"

const classes = {
  InvalidArgument: Errors.InvalidArgument,
  OutOfRange: Errors.OutOfRange,
  NotFound: Errors.NotFound,
  OverRelease: Errors.OverRelease,
  NotOwner: Errors.NotOwner,
  BrokenBarrier: Errors.BrokenBarrier,
  IllegalState: Errors.IllegalState,
  EncodingFailed: Errors.EncodingFailed,
  MissingKey: Errors.MissingKey,
  ConcurrentModification: Errors.ConcurrentModification,
  ManagerClosed: Errors.ManagerClosed,
  Full: Errors.Full,
  Empty: Errors.Empty,
  Closed: Errors.Closed,
  ShutDown: Errors.ShutDown,
  TimedOut: Errors.TimedOut,
  Unsupported: Errors.Unsupported,
  Eof: Errors.Eof,
  BrokenPipe: Errors.BrokenPipe,
  WrongDirection: Errors.WrongDirection,
  BadLength: Errors.BadLength,
  BufferTooShort: Errors.BufferTooShort,
} satisfies Record<Tag, unknown>

/** The errors of these kinds, as Effects fail with them. */
export type Failure<T extends Tag> = InstanceType<(typeof classes)[T]>

/** Runs plain code, and fails with what it throws of these kinds. Anything else is a defect. */
export const attempt = <A, T extends Tag = never>(
  body: () => A,
  ...tags: ReadonlyArray<T>
): Effect.Effect<A, Failure<T>> => attemptThen(body, Effect.succeed, tags)

/** The same, and goes on with an effect. */
export const attemptThen = <A, B, E, R, T extends Tag = never>(
  body: () => A,
  next: (result: A) => Effect.Effect<B, E, R>,
  tags: ReadonlyArray<T>,
): Effect.Effect<B, E | Failure<T>, R> => Effect.suspend(() => attemptNow(body, next, tags))

/** The same at once, in an effect that runs already. */
export const attemptNow = <A, B, E, R, T extends Tag = never>(
  body: () => A,
  next: (result: A) => Effect.Effect<B, E, R>,
  tags: ReadonlyArray<T>,
): Effect.Effect<B, E | Failure<T>, R> => {
  let result: A
  try {
    result = body()
  } catch (thrown) {
    return Effect.fail(failureOf(thrown, tags))
  }
  return next(result)
}

const failureOf = <T extends Tag>(thrown: unknown, tags: ReadonlyArray<T>): Failure<T> => {
  const { _tag, ...fields } = Object(thrown) as { readonly _tag?: T }
  if (_tag === undefined || !tags.includes(_tag)) throw thrown
  return failureWith(_tag, fields)
}

/** The failure of a kind. */
export const failureWith = <T extends Tag>(tag: T, fields: object): Failure<T> => {
  const { name: _, ...own } = fields as { readonly name?: string }
  return new (classes[tag] as unknown as new (fields: object) => Failure<T>)(own)
}
