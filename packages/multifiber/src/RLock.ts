/**
 * A lock that its owner may take again, between agents and the fibers of each: Python's
 * `multiprocessing.RLock`.
 *
 * @since 0.3.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { NotOwner, type TimedOut } from "./Errors.ts"
import { type Acquired, localIn } from "./LockSync.ts"
import { handles, makeSync, type RLock, TypeId } from "./RLockSync.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { sidesIn } from "./sync/Handles.ts"
import type { GateStatistics } from "./sync/LocalGate.ts"
import type { LocalLock } from "./sync/LocalLock.ts"
import {
  gateActions,
  gateEffects,
  holdFor,
  leave,
  pass,
  passWith,
  passWithin,
  tryPass,
  waitBy,
} from "./sync/passing.ts"

export type { RLock } from "./RLockSync.ts"

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
 * Tells whether a value is the handle of a recursive lock.
 *
 * @category guards
 * @since 0.3.0
 */
export const isRLock = (u: unknown): u is RLock => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a recursive lock. Nobody holds it.
 *
 * **Shape** – a handle to some 2 KB of shared memory. It may be sent to any agent, at any depth of an argument or a
 * result, and in messages. An OS process uses it through the agent that has sent it: each operation is a message there and back,
 * plain code cannot use it there, and its death counts as that of any other agent. Its owner is a fiber, or all
 * the plain code of an agent together. **Source** – Python's `RLock()`, whose owner is a thread.
 *
 * @example
 * import { Effect } from "effect"
 * import { RLock } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const lock = yield* RLock.make
 *   const inner = RLock.depth(lock).pipe(RLock.withLock(lock))
 *   return yield* inner.pipe(RLock.withLock(lock))
 * })
 * console.log(await Effect.runPromise(program)) // => 2
 *
 * @category constructors
 * @since 0.3.0
 */
export const make: Effect.Effect<RLock> = Effect.sync(makeSync)

/** Takes it again where the fiber holds it, else in the way that is given. */
const acquireBy = <A, E>(
  self: RLock,
  otherwise: (own: () => void) => Effect.Effect<A, E>,
): Effect.Effect<Acquired | A, E> =>
  Effect.withFiberRuntime((fiber) => {
    const { holding } = sideOf(self)
    return holding.again(fiber) ? Effect.succeed<Acquired>("acquired") : otherwise(() => holding.own(fiber))
  })

/**
 * Takes the lock where it is free or the fiber's own, without waiting; `false` where another holds it.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquire = (self: RLock): Effect.Effect<Acquired | false> =>
  acquireBy(self, (own) => tryPass(() => sideOf(self), { onPass: own }))

/**
 * Waits until the fiber has the lock: at once where it has it already. Each `acquire` needs a `release`.
 *
 * **Waiting**, **Fairness**, **Interruption** – as `Lock.acquire`. **Errors** – none: the lock of an agent that has died
 * passes on, as `abandoned`. A fiber that ends with the lock keeps it: use `withLock`; and where the wait shall be bounded,
 * `acquireWithin`, since `Effect.timeout` and `Effect.race` run what they are given in fibers of their own.
 *
 * **Source** – Python's `RLock.acquire()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquire = (self: RLock): Effect.Effect<Acquired> =>
  acquireBy(self, (own) => pass(() => sideOf(self), { onPass: own }))

/**
 * Waits for the lock at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero tries once. **Errors** – `TimedOut`, after which nothing of it is left; else as `acquire`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireWithin: {
  (timeout: Duration.DurationInput): (self: RLock) => Effect.Effect<Acquired, TimedOut>
  (self: RLock, timeout: Duration.DurationInput): Effect.Effect<Acquired, TimedOut>
} = dual(2, (self: RLock, timeout: Duration.DurationInput) =>
  acquireBy(self, (own) => passWithin(() => sideOf(self), timeout, "RLock.acquireWithin", { onPass: own })),
)

/**
 * Gives the lock back once; it is free after as many releases as acquisitions.
 *
 * **Errors** – `NotOwner` where the fiber does not hold it. **Source** – Python's `RLock.release()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const release = (self: RLock): Effect.Effect<void, NotOwner> =>
  Effect.withFiberRuntime((fiber) => releaseFor(self, fiber))

const notOwner = () => Effect.fail(new NotOwner({ primitive: "RLock" }))

const releaseFor = (self: RLock, owner: unknown): Effect.Effect<void, NotOwner> => {
  const side = sideOf(self)
  const isFree = side.holding.giveBack(owner)
  if (isFree === undefined) return notOwner()
  return isFree ? leave(() => side, notOwner) : Effect.void
}

const actions = {
  ...gateActions,
  isLocked: ({ isLocked }) => isLocked,
  seen: ({ isLocked, statistics }): Statistics => ({ isLocked, ...statistics }),
} satisfies Actions<LocalLock>

const act = acting<RLock, LocalLock, typeof actions>(sideOf, actions)

/**
 * How many times the fiber holds the lock.
 *
 * @category getters
 * @since 0.3.0
 */
export const depth = (self: RLock): Effect.Effect<number> =>
  Effect.withFiberRuntime((fiber) => Effect.succeed(sideOf(self).holding.depthOf(fiber)))

/**
 * Whether anybody holds the lock. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isLocked = (self: RLock): Effect.Effect<boolean> => act(self, "isLocked", [])

/**
 * What is known of the lock and of who waits for it. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: RLock): Effect.Effect<Statistics> => act(self, "seen", [])

/**
 * What an agent does to locks for others, whose fibers own them there.
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
 * Runs an effect with the lock, and gives it back whatever becomes of the effect. What it forks are other owners.
 *
 * **Waiting**, **Fairness** – as `acquire`. **Interruption** – while it waits, leaves the queue; then interrupts the effect
 * and gives the lock back. An effect that has given it back itself has a defect, `NotOwner`. **Source** – Python's
 * `with lock:`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLock: {
  (lock: RLock): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, lock: RLock): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, lock: RLock) =>
  holdFor(
    self,
    (restore) => acquireBy(lock, (own) => passWith(() => sideOf(lock), waitBy(restore), { onPass: own })),
    Effect.orDie(release(lock)),
  ),
)
