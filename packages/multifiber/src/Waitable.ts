/**
 * Things that become ready, to be waited for together: Python's `multiprocessing.connection.wait`.
 *
 * @since 0.2.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"

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
  readonly isReady: () => boolean
  readonly ready: () => Effect.Effect<void>
}

/**
 * @internal
 */
export const make = (isReady: () => boolean, ready: () => Effect.Effect<void>): Waitable => {
  const self: WaitableInternal = { [TypeId]: TypeId, isReady, ready }
  return self
}

const internal = (self: Waitable): WaitableInternal => self as WaitableInternal

/**
 * Tells whether it is ready. Never waits.
 *
 * @category getters
 * @since 0.2.0
 */
export const isReady = (self: Waitable): Effect.Effect<boolean> => Effect.sync(() => internal(self).isReady())

const readyOnes = (sources: ReadonlyArray<Waitable>): ReadonlyArray<Waitable> =>
  sources.filter((source) => internal(source).isReady())

/**
 * Waits until one of the sources is ready at least, and returns all that are, in the order given.
 *
 * **Waiting** – suspends the fiber; for ever where there is no source. **Interruption** – ends the waiting.
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
export const wait = (sources: ReadonlyArray<Waitable>): Effect.Effect<ReadonlyArray<Waitable>> =>
  Effect.suspend(() => {
    const ready = readyOnes(sources)
    if (ready.length > 0) return Effect.succeed(ready)
    return Effect.map(
      Effect.raceAll([Effect.never, ...sources.map((source) => internal(source).ready())]),
      () => readyOnes(sources),
    )
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
  ): (sources: ReadonlyArray<Waitable>) => Effect.Effect<ReadonlyArray<Waitable>>
  (sources: ReadonlyArray<Waitable>, timeout: Duration.DurationInput): Effect.Effect<ReadonlyArray<Waitable>>
} = dual(
  2,
  (
    sources: ReadonlyArray<Waitable>,
    timeout: Duration.DurationInput,
  ): Effect.Effect<ReadonlyArray<Waitable>> =>
    Effect.map(Effect.timeoutOption(wait(sources), timeout), () => readyOnes(sources)),
)
