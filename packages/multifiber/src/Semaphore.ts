/**
 * A counting semaphore between agents that share memory, and between the fibers of each: Python's
 * `multiprocessing.Semaphore`.
 *
 * @since 0.3.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { InvalidArgument, OverRelease, type TimedOut } from "./Errors.ts"
import { isCount, localOf, MAX, type Semaphore, TOO_OFTEN, TypeId, unsafeMake } from "./SemaphoreSync.ts"
import type { GateStatistics } from "./sync/LocalGate.ts"
import { pass, passFor, passWithin, tryPass } from "./sync/passing.ts"

export type { Semaphore } from "./SemaphoreSync.ts"

/**
 * What is known of a semaphore.
 *
 * @category models
 * @since 0.3.0
 */
export interface Statistics extends GateStatistics {
  /** How many permits are left. */
  readonly permits: number
}

/**
 * Tells whether a value is the handle of a semaphore.
 *
 * @category guards
 * @since 0.3.0
 */
export const isSemaphore = (u: unknown): u is Semaphore => typeof u === "object" && u !== null && TypeId in u

const counted = (permits: number, least: 0 | 1): Effect.Effect<number, InvalidArgument> =>
  isCount(permits, least)
    ? Effect.succeed(permits)
    : Effect.fail(
        new InvalidArgument({
          argument: "permits",
          value: permits,
          expected: `a whole number of at least ${least} and at most ${MAX}`,
        }),
      )

/**
 * Makes a semaphore with so many permits.
 *
 * **Shape** – a handle to some 2 KB of shared memory. It may be sent to any agent of the start method `thread`, at any depth
 * of an argument or a result; one that reaches an OS process is refused with `NotTransferable`. **Errors** –
 * `InvalidArgument` unless `permits` is a whole number from 0 to `SemaphoreSync.MAX`.
 *
 * **Source** – Python's `Semaphore(value)`. As there, permits have no owner: those that an agent had taken when it died are
 * gone.
 *
 * @example
 * import { Effect } from "effect"
 * import { Semaphore } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const seats = yield* Semaphore.make(2)
 *   return yield* Semaphore.permits(seats).pipe(Semaphore.withPermit(seats))
 * })
 * console.log(await Effect.runPromise(program)) // => 1
 *
 * @category constructors
 * @since 0.3.0
 */
export const make = (permits: number): Effect.Effect<Semaphore, InvalidArgument> =>
  Effect.map(counted(permits, 0), unsafeMake)

/**
 * Takes a permit where there is one, without waiting; `false` where there is none.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquire = (self: Semaphore): Effect.Effect<boolean> =>
  Effect.map(
    tryPass(() => localOf(self)),
    (taken) => taken !== false,
  )

/**
 * Waits until it has a permit.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – as `Lock.acquire`: first come, first
 * served, but a newcomer may take a permit before a waiter has woken up, three times at most. **Interruption** – leaves the
 * queue, and gives a permit back that had just come.
 *
 * **Source** – Python's `Semaphore.acquire()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquire = (self: Semaphore): Effect.Effect<void> => Effect.asVoid(pass(() => localOf(self)))

/**
 * Waits for a permit at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero tries once. **Errors** – `TimedOut`, after which nothing of it is left; else as `acquire`.
 *
 * **Source** – Python's `Semaphore.acquire(timeout=…)`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireWithin: {
  (timeout: Duration.DurationInput): (self: Semaphore) => Effect.Effect<void, TimedOut>
  (self: Semaphore, timeout: Duration.DurationInput): Effect.Effect<void, TimedOut>
} = dual(2, (self: Semaphore, timeout: Duration.DurationInput) =>
  Effect.asVoid(passWithin(() => localOf(self), timeout, "Semaphore.acquireWithin")),
)

/**
 * Gives permits, whoever took them: 1, or so many. There may be more in the end than at first.
 *
 * **Errors** – `InvalidArgument` unless `permits` is a whole number of at least 1; `OverRelease` beyond `SemaphoreSync.MAX` in
 * all.
 *
 * **Source** – Python's `Semaphore.release()`, which has no number.
 *
 * @category combinators
 * @since 0.3.0
 */
export const release = (self: Semaphore, permits = 1): Effect.Effect<void, InvalidArgument | OverRelease> =>
  Effect.flatMap(
    counted(permits, 1),
    (permits): Effect.Effect<void, OverRelease> =>
      localOf(self).release(permits) ? Effect.void : Effect.fail(new OverRelease(TOO_OFTEN)),
  )

/**
 * How many permits are left. Old when it returns.
 *
 * **Source** – Python's `Semaphore.get_value()`.
 *
 * @category getters
 * @since 0.3.0
 */
export const permits = (self: Semaphore): Effect.Effect<number> => Effect.sync(() => localOf(self).permits)

/**
 * What is known of the semaphore and of who waits for it. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: Semaphore): Effect.Effect<Statistics> =>
  Effect.sync(() => {
    const { permits, statistics } = localOf(self)
    return { permits, ...statistics }
  })

/**
 * Runs an effect with a permit, and gives it back whatever becomes of the effect.
 *
 * **Waiting**, **Fairness** – as `acquire`. **Interruption** – while it waits, leaves the queue; then interrupts the effect
 * and gives the permit back. **Source** – Python's `with semaphore:`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withPermit: {
  (semaphore: Semaphore): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: Semaphore): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: Semaphore) =>
  passFor(self, () => localOf(semaphore), TOO_OFTEN),
)
