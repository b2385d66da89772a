/**
 * A counting semaphore that never holds more permits than at first, between agents that share memory and between the
 * fibers of each: Python's `multiprocessing.BoundedSemaphore`.
 *
 * @since 0.3.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { type BoundedSemaphore, localOf, MAX, TOO_OFTEN, TypeId, unsafeMake } from "./BoundedSemaphoreSync.ts"
import { InvalidArgument, OverRelease, type TimedOut } from "./Errors.ts"
import type { GateStatistics } from "./sync/LocalGate.ts"
import { pass, passFor, passWithin, tryPass } from "./sync/passing.ts"

export type { BoundedSemaphore } from "./BoundedSemaphoreSync.ts"

/**
 * What is known of a bounded semaphore.
 *
 * @category models
 * @since 0.3.0
 */
export interface Statistics extends GateStatistics {
  /** How many permits are left. */
  readonly permits: number
}

/**
 * Tells whether a value is the handle of a bounded semaphore.
 *
 * @category guards
 * @since 0.3.0
 */
export const isBoundedSemaphore = (u: unknown): u is BoundedSemaphore =>
  typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a bounded semaphore with so many permits.
 *
 * **Shape** – a handle to some 5 KB of shared memory. It may be sent to any agent of the start method `thread`, at any depth
 * of an argument or a result; one that reaches an OS process is refused with `NotTransferable`. **Errors** –
 * `InvalidArgument` unless `permits` is a whole number from 0 to `BoundedSemaphoreSync.MAX`.
 *
 * **Death** – permits that an agent held when it died come back: at the latest when another waits for one. A permit that an
 * agent gives counts as its own, so give them where you took them. That costs some memory operations more than `Semaphore`.
 *
 * **Source** – Python's `BoundedSemaphore(value)`. There the check of `release` is not exact, and a process that dies keeps
 * its permits for ever.
 *
 * @example
 * import { Effect } from "effect"
 * import { BoundedSemaphore } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const seats = yield* BoundedSemaphore.make(2)
 *   const inside = yield* BoundedSemaphore.permits(seats).pipe(BoundedSemaphore.withPermit(seats))
 *   const tooMany = yield* Effect.flip(BoundedSemaphore.release(seats))
 *   return [inside, tooMany._tag]
 * })
 * console.log(await Effect.runPromise(program)) // => [ 1, 'OverRelease' ]
 *
 * @category constructors
 * @since 0.3.0
 */
export const make = (permits: number): Effect.Effect<BoundedSemaphore, InvalidArgument> =>
  Number.isSafeInteger(permits) && permits >= 0 && permits <= MAX
    ? Effect.sync(() => unsafeMake(permits))
    : Effect.fail(
        new InvalidArgument({
          argument: "permits",
          value: permits,
          expected: `a whole number of at least 0 and at most ${MAX}`,
        }),
      )

/**
 * Takes a permit where there is one, without waiting; `false` where there is none.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquire = (self: BoundedSemaphore): Effect.Effect<boolean> =>
  Effect.map(
    tryPass(() => localOf(self)),
    (taken) => taken !== false,
  )

/**
 * Waits until it has a permit.
 *
 * **Waiting**, **Fairness**, **Interruption** – as `Semaphore.acquire`. **Source** – Python's `BoundedSemaphore.acquire()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquire = (self: BoundedSemaphore): Effect.Effect<void> =>
  Effect.asVoid(pass(() => localOf(self)))

/**
 * Waits for a permit at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero tries once. **Errors** – `TimedOut`, after which nothing of it is left; else as `acquire`.
 *
 * **Source** – Python's `BoundedSemaphore.acquire(timeout=…)`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireWithin: {
  (timeout: Duration.DurationInput): (self: BoundedSemaphore) => Effect.Effect<void, TimedOut>
  (self: BoundedSemaphore, timeout: Duration.DurationInput): Effect.Effect<void, TimedOut>
} = dual(2, (self: BoundedSemaphore, timeout: Duration.DurationInput) =>
  Effect.asVoid(passWithin(() => localOf(self), timeout, "BoundedSemaphore.acquireWithin")),
)

/**
 * Gives a permit.
 *
 * **Errors** – `OverRelease` where all permits are there, and nothing has changed then. **Source** – Python's
 * `BoundedSemaphore.release()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const release = (self: BoundedSemaphore): Effect.Effect<void, OverRelease> =>
  Effect.suspend(() => (localOf(self).leave() ? Effect.void : Effect.fail(new OverRelease(TOO_OFTEN))))

/**
 * How many permits are left. Old when it returns.
 *
 * **Source** – Python's `BoundedSemaphore.get_value()`.
 *
 * @category getters
 * @since 0.3.0
 */
export const permits = (self: BoundedSemaphore): Effect.Effect<number> =>
  Effect.sync(() => localOf(self).permits)

/**
 * What is known of the bounded semaphore and of who waits for it. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: BoundedSemaphore): Effect.Effect<Statistics> =>
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
  (semaphore: BoundedSemaphore): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: BoundedSemaphore): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: BoundedSemaphore) =>
  passFor(self, () => localOf(semaphore), TOO_OFTEN),
)
