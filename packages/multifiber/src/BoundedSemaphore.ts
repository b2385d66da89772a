/**
 * A counting semaphore that never holds more permits than at first, between agents and between the
 * fibers of each: Python's `multiprocessing.BoundedSemaphore`.
 *
 * @since 0.3.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import {
  type BoundedSemaphore,
  handles,
  localIn,
  MAX,
  TOO_OFTEN,
  TypeId,
  unsafeMake,
} from "./BoundedSemaphoreSync.ts"
import { type InvalidArgument, OverRelease, type TimedOut } from "./Errors.ts"
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

export type { BoundedSemaphore } from "./BoundedSemaphoreSync.ts"

const { sideOf } = handles

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
 * **Shape** – a handle to some 6 KB of shared memory. It may be sent to any agent, at any depth of an argument or a
 * result, and in messages. An OS process uses it through the agent that has sent it: each operation is a message there and back,
 * plain code cannot use it there, and its death counts as that of any other agent. **Errors** –
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
  withCounted(permits, [0, MAX], (permits) => Effect.sync(() => unsafeMake(permits)))

/** With so many permits, which may be had at once; 1 may always be asked for, if in vain. */
const counted = <A, E, R>(
  { [TypeId]: { total } }: BoundedSemaphore,
  permits: number,
  use: (permits: number) => Effect.Effect<A, E, R>,
) => withCounted(permits, [1, Math.max(1, total)], use)

/**
 * Takes a permit, or so many at once, where they are there, without waiting; `false` where they are not.
 *
 * **Errors** – `InvalidArgument` unless `permits` is a whole number of at least 1 and no more than there are in all.
 *
 * @category combinators
 * @since 0.3.0
 */
export function tryAcquire(self: BoundedSemaphore): Effect.Effect<boolean>
export function tryAcquire(self: BoundedSemaphore, permits: number): Effect.Effect<boolean, InvalidArgument>
export function tryAcquire(self: BoundedSemaphore, permits = 1): Effect.Effect<boolean, InvalidArgument> {
  return counted(self, permits, (permits) =>
    Effect.map(
      tryPass(() => sideOf(self), { wanted: permits }),
      (taken) => taken !== false,
    ),
  )
}

/**
 * Waits until it has a permit, or so many at once.
 *
 * **Waiting**, **Fairness**, **Interruption** – as `Semaphore.acquire`. **Errors** – `InvalidArgument` unless `permits` is a
 * whole number of at least 1 and no more than there are in all. **Source** – Python's `BoundedSemaphore.acquire()`, which
 * has no number.
 *
 * @category combinators
 * @since 0.3.0
 */
export function acquire(self: BoundedSemaphore): Effect.Effect<void>
export function acquire(self: BoundedSemaphore, permits: number): Effect.Effect<void, InvalidArgument>
export function acquire(self: BoundedSemaphore, permits = 1): Effect.Effect<void, InvalidArgument> {
  return counted(self, permits, (wanted) => Effect.asVoid(pass(() => sideOf(self), { wanted })))
}

/**
 * Waits for a permit, or for so many at once, at most as long as `timeout`.
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
  (
    timeout: Duration.DurationInput,
    permits: number,
  ): (self: BoundedSemaphore) => Effect.Effect<void, InvalidArgument | TimedOut>
  (self: BoundedSemaphore, timeout: Duration.DurationInput): Effect.Effect<void, TimedOut>
  (
    self: BoundedSemaphore,
    timeout: Duration.DurationInput,
    permits: number,
  ): Effect.Effect<void, InvalidArgument | TimedOut>
} = dual(
  ([first]) => isBoundedSemaphore(first),
  (self: BoundedSemaphore, timeout: Duration.DurationInput, permits = 1) =>
    counted(self, permits, (wanted) =>
      Effect.asVoid(passWithin(() => sideOf(self), timeout, "BoundedSemaphore.acquireWithin", { wanted })),
    ),
)

/**
 * Gives a permit, or so many.
 *
 * **Errors** – `OverRelease` where there would be more than at first, and nothing has changed then; `InvalidArgument` as
 * `acquire`. **Source** – Python's `BoundedSemaphore.release()`, which has no number.
 *
 * @category combinators
 * @since 0.3.0
 */
export function release(self: BoundedSemaphore): Effect.Effect<void, OverRelease>
export function release(
  self: BoundedSemaphore,
  permits: number,
): Effect.Effect<void, InvalidArgument | OverRelease>
export function release(
  self: BoundedSemaphore,
  permits = 1,
): Effect.Effect<void, InvalidArgument | OverRelease> {
  return counted(self, permits, (permits) =>
    leave(
      () => sideOf(self),
      () => Effect.fail(new OverRelease(TOO_OFTEN)),
      permits,
    ),
  )
}

/**
 * How many permits are left. Old when it returns.
 *
 * **Source** – Python's `BoundedSemaphore.get_value()`.
 *
 * @category getters
 * @since 0.3.0
 */
export const permits = (self: BoundedSemaphore): Effect.Effect<number> => act(self, "permits", [])

/**
 * What is known of the bounded semaphore and of who waits for it. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: BoundedSemaphore): Effect.Effect<Statistics> => act(self, "seen", [])

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
  (semaphore: BoundedSemaphore): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: BoundedSemaphore): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: BoundedSemaphore) =>
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
 * import { BoundedSemaphore } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const cores = yield* BoundedSemaphore.make(8)
 *   const left = yield* BoundedSemaphore.permits(cores).pipe(BoundedSemaphore.withPermits(cores, 6))
 *   const tooMany = yield* Effect.flip(BoundedSemaphore.acquire(cores, 9))
 *   return [left, tooMany._tag]
 * })
 * console.log(await Effect.runPromise(program)) // => [ 2, 'InvalidArgument' ]
 *
 * @category combinators
 * @since 0.3.0
 */
export const withPermits: {
  (
    semaphore: BoundedSemaphore,
    permits: number,
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | InvalidArgument, R>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    semaphore: BoundedSemaphore,
    permits: number,
  ): Effect.Effect<A, E | InvalidArgument, R>
} = dual(3, <A, E, R>(self: Effect.Effect<A, E, R>, semaphore: BoundedSemaphore, permits: number) =>
  counted(semaphore, permits, (permits) => passFor(self, () => sideOf(semaphore), TOO_OFTEN, permits)),
)
