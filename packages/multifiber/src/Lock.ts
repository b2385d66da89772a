/**
 * Mutual exclusion between agents, and between the fibers of each: Python's `multiprocessing.Lock`.
 *
 * @since 0.3.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { OverRelease, type TimedOut } from "./Errors.ts"
import { type Acquired, handles, type Lock, localIn, makeSync, TOO_OFTEN, TypeId } from "./LockSync.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { sidesIn } from "./sync/Handles.ts"
import type { GateStatistics } from "./sync/LocalGate.ts"
import type { LocalLock } from "./sync/LocalLock.ts"
import { gateActions, gateEffects, leave, pass, passFor, passWithin, tryPass } from "./sync/passing.ts"

export type { Acquired, Lock } from "./LockSync.ts"

const { sideOf } = handles

/**
 * What is known of a lock.
 *
 * @category models
 * @since 0.3.0
 */
export interface Statistics extends GateStatistics {
  /** Whether anybody holds the lock. */
  readonly isLocked: boolean
}

/**
 * Tells whether a value is the handle of a lock.
 *
 * @category guards
 * @since 0.3.0
 */
export const isLock = (u: unknown): u is Lock => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a lock. Nobody holds it.
 *
 * **Shape** – a handle to some 2 KB of shared memory. It may be sent to any agent, at any depth of an argument or a
 * result, and in messages. An OS process uses it through the agent that has sent it: each operation is a message there and back,
 * plain code cannot use it there, and its death counts as that of any other agent. The memory is freed with
 * the last handle. **Source** – Python's `Lock()`. There a process that dies leaves its locks held for ever.
 *
 * @example
 * import { Effect } from "effect"
 * import { Lock, Pool } from "multifiber"
 * import * as LockSync from "multifiber/LockSync"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { add } = Task.module(import.meta.url, {
 *   add: ([lock, sum, times]: [LockSync.Lock, Int32Array, number]) => {
 *     for (let i = 0; i < times; i++) LockSync.withLockSync(lock, () => (sum[0] = (sum[0] ?? 0) + 1))
 *   },
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const lock = yield* Lock.make
 *   const sum = new Int32Array(new SharedArrayBuffer(4))
 *   const pool = yield* Pool.make({ size: 2 })
 *   yield* Pool.map(pool, add, [[lock, sum, 1000], [lock, sum, 1000]])
 *   console.log(sum[0]) // => 2000
 * }))
 *
 * @category constructors
 * @since 0.3.0
 */
export const make: Effect.Effect<Lock> = Effect.sync(makeSync)

/**
 * Takes the lock where it is free, without waiting; `false` where it is not.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquire = (self: Lock): Effect.Effect<Acquired | false> => tryPass(() => sideOf(self))

/**
 * Waits until it has the lock.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. The lock is not recursive: who holds it waits for
 * itself, or for another that releases it. **Fairness** – first come, first served, among the fibers of an agent and among
 * agents, but a newcomer, or the next fiber of the agent that frees it, may take a free lock before a waiter has woken up;
 * after four lost races the oldest waiter has the lock reserved. **Interruption** – leaves the queue, and frees the lock
 * where it had just come. **Errors** – none: the lock of an agent that has died passes on, as `abandoned`.
 *
 * **Source** – Python's `Lock.acquire()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquire = (self: Lock): Effect.Effect<Acquired> => pass(() => sideOf(self))

/**
 * Waits for the lock at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero tries once. **Errors** – `TimedOut`, after which nothing of it is left; else as `acquire`.
 *
 * **Source** – Python's `Lock.acquire(timeout=…)`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireWithin: {
  (timeout: Duration.DurationInput): (self: Lock) => Effect.Effect<Acquired, TimedOut>
  (self: Lock, timeout: Duration.DurationInput): Effect.Effect<Acquired, TimedOut>
} = dual(2, (self: Lock, timeout: Duration.DurationInput) =>
  passWithin(() => sideOf(self), timeout, "Lock.acquireWithin"),
)

/**
 * Frees the lock, whoever holds it: a lock has no owner. The oldest waiter wakes up.
 *
 * **Errors** – `OverRelease` where nobody holds it. **Source** – Python's `Lock.release()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const release = (self: Lock): Effect.Effect<void, OverRelease> =>
  leave(
    () => sideOf(self),
    () => Effect.fail(new OverRelease(TOO_OFTEN)),
  )

const actions = {
  ...gateActions,
  isLocked: ({ isLocked }) => isLocked,
  seen: ({ isLocked, statistics }): Statistics => ({ isLocked, ...statistics }),
} satisfies Actions<LocalLock>

const act = acting(sideOf, actions)

/**
 * Whether anybody holds the lock. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isLocked = (self: Lock): Effect.Effect<boolean> => act(self, "isLocked", [])

/**
 * What is known of the lock and of who waits for it. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: Lock): Effect.Effect<Statistics> => act(self, "seen", [])

/**
 * What an agent does to locks for others.
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
 * Runs an effect with the lock, and frees it whatever becomes of the effect.
 *
 * **Waiting**, **Fairness** – as `acquire`. **Interruption** – while it waits, leaves the queue; then interrupts the effect
 * and frees the lock. An effect that has freed it itself has a defect, `OverRelease`. **Source** – Python's `with lock:`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Lock } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const lock = yield* Lock.make
 *   return yield* Lock.isLocked(lock).pipe(Lock.withLock(lock))
 * })
 * console.log(await Effect.runPromise(program)) // => true
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLock: {
  (lock: Lock): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, lock: Lock): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, lock: Lock) =>
  passFor(self, () => sideOf(lock), TOO_OFTEN),
)
