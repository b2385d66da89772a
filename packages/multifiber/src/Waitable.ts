/**
 * Things that become ready, to be waited for together: Python's `multiprocessing.connection.wait`.
 *
 * @since 0.2.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Connection from "./Connection.ts"
import * as ConnectionSync from "./ConnectionSync.ts"
import type { Closed, WrongDirection } from "./Errors.ts"
import * as Queue from "./Queue.ts"
import type * as QueueSync from "./QueueSync.ts"
import { NOTHING } from "./sync/LocalTurn.ts"

/**
 * @category type ids
 * @since 0.2.0
 */
export const TypeId = "~multifiber/Waitable"

/**
 * Something that becomes ready, such as the end of a process.
 *
 * @category models
 * @since 0.2.0
 */
export interface Waitable {
  readonly [TypeId]: typeof TypeId
}

interface WaitableInternal extends Waitable {
  readonly isReady: Effect.Effect<boolean, Closed | WrongDirection>
  /** Waits until it is ready, or was for a moment, or is not to be waited for any more. */
  readonly ready: Effect.Effect<unknown>
}

/**
 * @internal
 */
export const make = (isReady: () => boolean, ready: () => Effect.Effect<void>): Waitable => {
  const self: WaitableInternal = {
    [TypeId]: TypeId,
    isReady: Effect.sync(isReady),
    ready: Effect.suspend(ready),
  }
  return self
}

/**
 * What can be waited for: a `Waitable`; a connection, until there is a message or it has ended; a queue, until there is something
 * to get or it is shut down.
 *
 * @category models
 * @since 0.4.0
 */
export type Source = Waitable | ConnectionSync.Connection<never, any> | QueueSync.Queue<any>

/**
 * What waiting for a source fails with.
 *
 * @category errors
 * @since 0.4.0
 */
export type WaitError<S extends Source> = S extends Waitable ? never : Closed | WrongDirection

const internal = (source: Source): WaitableInternal => {
  if (TypeId in source) return source as WaitableInternal
  const poll = (milliseconds?: number) =>
    ConnectionSync.TypeId in source
      ? Connection.pollMessage(source, milliseconds)
      : Queue.pollMessage(source, milliseconds)
  return {
    [TypeId]: TypeId,
    isReady: Effect.map(poll(0), (result) => result !== NOTHING),
    // What it fails with, `isReady` fails with next.
    ready: Effect.ignore(poll()),
  }
}

/**
 * Tells whether it is ready. Never waits. **Errors** – of a connection or a queue `Closed`, and `WrongDirection` for the end of a
 * one-way pipe that only sends.
 *
 * @category getters
 * @since 0.2.0
 */
export const isReady = <S extends Source>(self: S): Effect.Effect<boolean, WaitError<S>> =>
  Effect.map(readyOnes([self]), (ready) => ready.length > 0)

/** Those that are ready, each once. */
const readyOnes = <S extends Source>(
  sources: ReadonlyArray<S>,
): Effect.Effect<ReadonlyArray<S>, WaitError<S>> =>
  Effect.filter(
    new Set(sources),
    (source) => internal(source).isReady as Effect.Effect<boolean, WaitError<S>>,
  )

/**
 * Waits until one of the sources is ready at least, and returns all that are, in the order given, each once. Takes nothing.
 *
 * **Waiting** – suspends the fiber; for ever where there is no source. **Interruption** – ends the waiting. **Errors** – as
 * `isReady`.
 *
 * **Source** – Python's `connection.wait`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Process, Waitable } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { quick } = Task.module(import.meta.url, { quick: () => "done" })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const process = yield* Process.make(quick, [])
 *   yield* Process.start(process)
 *   const ended = yield* Process.sentinel(process)
 *   console.log((yield* Waitable.wait([ended])).length) // => 1
 * }))
 *
 * @category combinators
 * @since 0.2.0
 */
export const wait = <S extends Source>(
  sources: ReadonlyArray<S>,
): Effect.Effect<ReadonlyArray<S>, WaitError<S>> =>
  Effect.flatMap(readyOnes(sources), (ready) => {
    if (ready.length > 0) return Effect.succeed(ready)
    const any = Effect.raceAll([Effect.never, ...sources.map((source) => internal(source).ready)])
    // Another may have taken what was there; or this fails.
    return Effect.zipRight(any, wait(sources))
  })

/**
 * As `wait`, at most as long as `timeout`: then returns none.
 *
 * **Units** – a `Duration`; zero or less asks once.
 *
 * @category combinators
 * @since 0.2.0
 */
export const waitWithin: {
  (
    timeout: Duration.DurationInput,
  ): <S extends Source>(sources: ReadonlyArray<S>) => Effect.Effect<ReadonlyArray<S>, WaitError<S>>
  <S extends Source>(
    sources: ReadonlyArray<S>,
    timeout: Duration.DurationInput,
  ): Effect.Effect<ReadonlyArray<S>, WaitError<S>>
} = dual(
  2,
  <S extends Source>(
    sources: ReadonlyArray<S>,
    timeout: Duration.DurationInput,
  ): Effect.Effect<ReadonlyArray<S>, WaitError<S>> =>
    // Where it is too late, once more: an OS process may take longer to ask its starter.
    Effect.flatMap(
      Effect.timeoutOption(wait(sources), timeout),
      Option.match({ onNone: () => readyOnes(sources), onSome: Effect.succeed }),
    ),
)
