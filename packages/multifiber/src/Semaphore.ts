/**
 * A counting semaphore between agents, and between the fibers of each: Python's
 * `multiprocessing.Semaphore`.
 *
 * @since 0.3.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { type InvalidArgument, OverRelease, type TimedOut } from "./Errors.ts"
import { handles, localIn, MAX, type Semaphore, TOO_OFTEN, TypeId, unsafeMake } from "./SemaphoreSync.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { sidesIn } from "./sync/Handles.ts"
import type { GateStatistics } from "./sync/LocalGate.ts"
import {
  gateActions,
  gateEffects,
  leave,
  pass,
  passFor,
  passWithin,
  tryPass,
  withCounted,
} from "./sync/passing.ts"

export type { Semaphore } from "./SemaphoreSync.ts"

const { sideOf } = handles

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

/** What can be taken or given at once. */
const COUNT = [1, MAX] as const

/**
 * Makes a semaphore with so many permits.
 *
 * **Shape** – a handle to some 3 KB of shared memory. It may be sent to any agent, at any depth of an argument or a
 * result, and in messages. An OS process uses it through the agent that has sent it: each operation is a message there and back,
 * plain code cannot use it there, and its death counts as that of any other agent. **Errors** –
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
  withCounted(permits, [0, MAX], (permits) => Effect.sync(() => unsafeMake(permits)))

/**
 * Takes a permit, or so many at once, where they are there, without waiting; `false` where they are not.
 *
 * **Errors** – `InvalidArgument` unless `permits` is a whole number from 1 to `SemaphoreSync.MAX`.
 *
 * @category combinators
 * @since 0.3.0
 */
export function tryAcquire(self: Semaphore): Effect.Effect<boolean>
export function tryAcquire(self: Semaphore, permits: number): Effect.Effect<boolean, InvalidArgument>
export function tryAcquire(self: Semaphore, permits = 1): Effect.Effect<boolean, InvalidArgument> {
  return withCounted(permits, COUNT, (permits) =>
    Effect.map(
      tryPass(() => sideOf(self), { wanted: permits }),
      (taken) => taken !== false,
    ),
  )
}

/**
 * Waits until it has a permit, or so many at once.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – as `Lock.acquire`: first come, first
 * served, but a newcomer may take a permit before a waiter has woken up, three times at most. Who waits for several keeps
 * what is there for itself when it has become the first, so it gets them in the end; those behind it wait, even for ever
 * where there are never so many. **Interruption** – leaves the queue, and gives back what had just come.
 *
 * **Errors** – `InvalidArgument` unless `permits` is a whole number from 1 to `SemaphoreSync.MAX`. **Source** – Python's
 * `Semaphore.acquire()`, which has no number.
 *
 * @category combinators
 * @since 0.3.0
 */
export function acquire(self: Semaphore): Effect.Effect<void>
export function acquire(self: Semaphore, permits: number): Effect.Effect<void, InvalidArgument>
export function acquire(self: Semaphore, permits = 1): Effect.Effect<void, InvalidArgument> {
  return withCounted(permits, COUNT, (wanted) => Effect.asVoid(pass(() => sideOf(self), { wanted })))
}

/**
 * Waits for a permit, or for so many at once, at most as long as `timeout`.
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
  (
    timeout: Duration.DurationInput,
    permits: number,
  ): (self: Semaphore) => Effect.Effect<void, InvalidArgument | TimedOut>
  (self: Semaphore, timeout: Duration.DurationInput): Effect.Effect<void, TimedOut>
  (
    self: Semaphore,
    timeout: Duration.DurationInput,
    permits: number,
  ): Effect.Effect<void, InvalidArgument | TimedOut>
} = dual(
  ([first]) => isSemaphore(first),
  (self: Semaphore, timeout: Duration.DurationInput, permits = 1) =>
    withCounted(permits, COUNT, (wanted) =>
      Effect.asVoid(passWithin(() => sideOf(self), timeout, "Semaphore.acquireWithin", { wanted })),
    ),
)

/**
 * Gives permits, whoever took them: 1, or so many. There may be more in the end than at first.
 *
 * **Errors** – `InvalidArgument` unless `permits` is a whole number from 1 to `SemaphoreSync.MAX`; `OverRelease` beyond that
 * in all.
 *
 * **Source** – Python's `Semaphore.release()`, which has no number.
 *
 * @category combinators
 * @since 0.3.0
 */
export const release = (self: Semaphore, permits = 1): Effect.Effect<void, InvalidArgument | OverRelease> =>
  withCounted(permits, COUNT, (permits) =>
    leave(
      () => sideOf(self),
      () => Effect.fail(new OverRelease(TOO_OFTEN)),
      permits,
    ),
  )

/**
 * How many permits are left. Old when it returns.
 *
 * **Source** – Python's `Semaphore.get_value()`.
 *
 * @category getters
 * @since 0.3.0
 */
export const permits = (self: Semaphore): Effect.Effect<number> => act(self, "permits", [])

/**
 * What is known of the semaphore and of who waits for it. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: Semaphore): Effect.Effect<Statistics> => act(self, "seen", [])

const actions = {
  ...gateActions,
  permits: ({ permits }) => permits,
  seen: ({ permits, statistics }): Statistics => ({ permits, ...statistics }),
} satisfies Actions<ReturnType<typeof localIn>>

const act = acting(sideOf, actions)

/**
 * What an agent does to semaphores for others.
 *
 * @internal
 */
export const hosted: Hosted = {
  typeId: TypeId,
  sideFor: sidesIn(TypeId, localIn),
  actions,
  effects: gateEffects,
}

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
  passFor(self, () => sideOf(semaphore), TOO_OFTEN),
)

/**
 * Runs an effect with so many permits, taken at once, and gives them back whatever becomes of the effect.
 *
 * **Waiting**, **Fairness**, **Errors** – as `acquire`. **Interruption** – as `withPermit`. **Source** – Effect's
 * `Semaphore.withPermits`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Semaphore } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const megabytes = yield* Semaphore.make(100)
 *   const left = yield* Semaphore.permits(megabytes).pipe(Semaphore.withPermits(megabytes, 70))
 *   const tooMany = yield* Semaphore.tryAcquire(megabytes, 101)
 *   return [left, tooMany]
 * })
 * console.log(await Effect.runPromise(program)) // => [ 30, false ]
 *
 * @category combinators
 * @since 0.3.0
 */
export const withPermits: {
  (
    semaphore: Semaphore,
    permits: number,
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | InvalidArgument, R>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    semaphore: Semaphore,
    permits: number,
  ): Effect.Effect<A, E | InvalidArgument, R>
} = dual(3, <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: Semaphore, permits: number) =>
  withCounted(permits, COUNT, (permits) => passFor(self, () => sideOf(semaphore), TOO_OFTEN, permits)),
)
