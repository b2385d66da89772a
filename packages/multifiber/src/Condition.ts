/**
 * Waiting for what another changes under a lock, between agents and between the fibers of each: Python's
 * `multiprocessing.Condition`.
 *
 * @since 0.3.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Calls from "./agent/Calls.ts"
import { type Condition, checkCount, handles, localIn, makeSync, TypeId } from "./ConditionSync.ts"
import { type InvalidArgument, NotOwner, type OverRelease, TimedOut } from "./Errors.ts"
import * as Lock from "./Lock.ts"
import * as RLock from "./RLock.ts"
import * as RLockSync from "./RLockSync.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { attempt } from "./sync/attempting.ts"
import { guard } from "./sync/guarding.ts"
import { isRLock } from "./sync/guardSync.ts"
import { sidesIn } from "./sync/Handles.ts"
import type { LocalCondition, Waiter } from "./sync/LocalCondition.ts"
import { NOTHING } from "./sync/LocalTurn.ts"
import { pass } from "./sync/passing.ts"
import { plainError } from "./sync/plainErrors.ts"
import { RemoteSide } from "./sync/RemoteSide.ts"
import { callRemote } from "./sync/remote.ts"
import { millisecondsOf } from "./sync/timing.ts"

export type { Condition } from "./ConditionSync.ts"

const { sideOf } = handles

/**
 * What is known of a condition.
 *
 * @category models
 * @since 0.3.0
 */
export interface Statistics {
  /** Whether anybody holds its lock. */
  readonly isLocked: boolean
  /** Who waits and is not notified, of all agents. */
  readonly waiting: number
  /** The same of this agent: fibers, and plain code. */
  readonly waitingFibers: number
}

/**
 * Tells whether a value is the handle of a condition.
 *
 * @category guards
 * @since 0.3.0
 */
export const isCondition = (u: unknown): u is Condition => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a condition with a recursive lock of its own.
 *
 * **Shape** – a handle to some 6 KB of shared memory. It may be sent to any agent, at any depth of an argument or a
 * result, and in messages. An OS process uses it through the agent that has sent it: each operation is a message there and back,
 * plain code cannot use it there, and its death counts as that of any other agent. **Source** – Python's
 * `Condition()`. There `notify` waits for whoever it wakes, and for ever for one that has died.
 *
 * @example
 * import { Effect, Fiber } from "effect"
 * import { Condition } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const condition = yield* Condition.make
 *   let ready = false
 *   const waiter = yield* Effect.fork(
 *     Condition.waitFor(condition, Effect.sync(() => ready)).pipe(Condition.withLock(condition)),
 *   )
 *   yield* Effect.yieldNow()
 *   yield* Effect.sync(() => {
 *     ready = true
 *   }).pipe(Effect.zipRight(Condition.notifyAll(condition)), Condition.withLock(condition))
 *   return yield* Fiber.join(waiter)
 * })
 * console.log(await Effect.runPromise(program)) // => true
 *
 * @category constructors
 * @since 0.3.0
 */
export const make: Effect.Effect<Condition> = Effect.sync(() => makeSync())

/**
 * Makes a condition over a lock, which several may share.
 *
 * **Errors** – `InvalidArgument` for what is no lock. **Source** – Python's `Condition(lock)`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const fromLock = (lock: Condition["lock"]): Effect.Effect<Condition, InvalidArgument> =>
  attempt(() => makeSync(lock), "InvalidArgument")

/**
 * Waits until the fiber has the lock of the condition.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquire = ({ lock }: Condition): Effect.Effect<Lock.Acquired> =>
  isRLock(lock) ? RLock.acquire(lock) : Lock.acquire(lock)

/**
 * Gives the lock of the condition back.
 *
 * @category combinators
 * @since 0.3.0
 */
export const release = ({ lock }: Condition): Effect.Effect<void, NotOwner | OverRelease> =>
  isRLock(lock) ? RLock.release(lock) : Lock.release(lock)

/**
 * Runs an effect with the lock of the condition, and gives it back whatever becomes of the effect.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLock: {
  (condition: Condition): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, condition: Condition): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, { lock }: Condition) => guard(lock, self))

const notOwner = () => Effect.fail(new NotOwner({ primitive: "Condition" }))

/**
 * Runs with what this agent keeps of a condition whose lock the fiber holds. Whether somebody holds a plain lock of the starter is
 * seen there.
 */
const held = <A, E>(
  self: Condition,
  body: (local: LocalCondition, fiber: unknown) => Effect.Effect<A, E>,
  remotely: (side: RemoteSide, fiber: unknown) => Effect.Effect<A, E>,
): Effect.Effect<A, E | NotOwner> =>
  Effect.withFiberRuntime((fiber) => {
    const side = sideOf(self)
    if (!(side instanceof RemoteSide)) return side.lock.isHeldBy(fiber) ? body(side, fiber) : notOwner()
    const isHeld = !isRLock(self.lock) || holdingOf(self.lock).depthOf(fiber) > 0
    return isHeld ? remotely(side, fiber) : notOwner()
  })

const holdingOf = (lock: RLock.RLock) => RLockSync.handles.sideOf(lock).holding

const notification = (waiter: Waiter): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (waiter.notified) return resume(Effect.void)
    waiter.resume = () => resume(Effect.void)
    return Effect.sync(() => {
      waiter.resume = () => {}
    })
  })

/**
 * Waits, until `by` ends at the latest, which is given what waits for the notification; whatever becomes of that, the owner has the
 * lock again. Nothing where it was not notified.
 */
const waitOn = (
  local: LocalCondition,
  owner: unknown,
  by: (notified: Effect.Effect<void>) => Effect.Effect<void, unknown>,
): Effect.Effect<Lock.Acquired | undefined> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const waiter = local.begin(owner)
      yield* Effect.exit(restore(by(notification(waiter))))
      const taken = yield* pass(() => local.lock)
      // It may have been interrupted before or after it was notified.
      const goesOn = yield* Effect.exit(restore(Effect.void))
      const notified = local.end(waiter)
      if (notified && Exit.isSuccess(goesOn)) return taken
      local.lock.keep(taken)
      // Nobody acts on it here.
      if (notified) local.notify(1)
      return yield* Effect.as(goesOn, undefined)
    }),
  )

/** The same at most for so many milliseconds. */
const waitOnWithin = (local: LocalCondition, owner: unknown, milliseconds: number | undefined) =>
  waitOn(local, owner, (notified) =>
    milliseconds === undefined ? notified : Effect.timeout(notified, milliseconds),
  )

/** The same by the starter. */
const waitRemote = (
  self: Condition,
  side: RemoteSide,
  fiber: unknown,
  milliseconds: number | undefined,
): Effect.Effect<Lock.Acquired | undefined, NotOwner> =>
  Effect.uninterruptibleMask((restore) => {
    const own = isRLock(self.lock) ? holdingOf(self.lock).giveUp(fiber) : () => {}
    const waiting = callRemote<Lock.Acquired, "NotOwner">(side, "wait", [milliseconds], ["NotOwner"], {
      // Nobody acts on it here.
      onLate: () => void Calls.call({ target: side.id, method: "notify", args: [1] }, () => {}),
    })
    return Effect.map(Effect.ensuring(restore(waiting), Effect.sync(own)), (taken) =>
      taken === NOTHING ? undefined : taken,
    )
  })

const waitAtMost = (
  self: Condition,
  milliseconds: number | undefined,
): Effect.Effect<Lock.Acquired | undefined, NotOwner> =>
  held(
    self,
    (local, fiber) => waitOnWithin(local, fiber, milliseconds),
    (side, fiber) => waitRemote(self, side, fiber, milliseconds),
  )

/**
 * Leaves the lock, waits until it is notified, and takes the lock again, as deep as before.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – `notify` takes the fibers of an agent
 * in the order in which they came, and the agents in turn. **Interruption** – takes the lock again, passes on a notification
 * that had come, and goes on then. **Errors** – `NotOwner` where the fiber does not hold the lock. The lock of an agent that
 * has died meanwhile comes as `abandoned`.
 *
 * **Source** – Python's `Condition.wait()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const wait = (self: Condition): Effect.Effect<Lock.Acquired, NotOwner> =>
  // It ends in no other way.
  waitAtMost(self, undefined) as Effect.Effect<Lock.Acquired, NotOwner>

/**
 * Waits to be notified at most as long as `timeout`; the time for taking the lock again comes on top.
 *
 * **Units** – a `Duration`; with zero it only lets others have the lock. **Errors** – `TimedOut`, with the lock, and no later
 * `notify` counts it; else as `wait`. **Source** – Python's `Condition.wait(timeout)`, which returns `False`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitWithin: {
  (timeout: Duration.DurationInput): (self: Condition) => Effect.Effect<Lock.Acquired, NotOwner | TimedOut>
  (self: Condition, timeout: Duration.DurationInput): Effect.Effect<Lock.Acquired, NotOwner | TimedOut>
} = dual(2, (self: Condition, timeout: Duration.DurationInput) =>
  Effect.flatMap(
    waitAtMost(self, millisecondsOf(timeout)),
    (taken): Effect.Effect<Lock.Acquired, TimedOut> =>
      taken === undefined
        ? Effect.fail(new TimedOut({ operation: "Condition.waitWithin" }))
        : Effect.succeed(taken),
  ),
)

/**
 * Waits until `predicate` gives something true, and returns that. It is asked with the lock, at first and after each
 * notification. Where it is true at first nothing is waited for, and the lock is not needed.
 *
 * **Waiting**, **Interruption**, **Errors** – as `wait`, and those of the predicate. **Source** – Python's
 * `Condition.wait_for(predicate)`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitFor: {
  <A, E, R>(predicate: Effect.Effect<A, E, R>): (self: Condition) => Effect.Effect<A, E | NotOwner, R>
  <A, E, R>(self: Condition, predicate: Effect.Effect<A, E, R>): Effect.Effect<A, E | NotOwner, R>
} = dual(
  2,
  <A, E, R>(self: Condition, predicate: Effect.Effect<A, E, R>): Effect.Effect<A, E | NotOwner, R> =>
    waitForWithin(self, predicate, Duration.infinity),
)

/**
 * The same for at most as long as `timeout` in all: then it returns what `predicate` gave last.
 *
 * **Source** – Python's `Condition.wait_for(predicate, timeout)`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitForWithin: {
  <A, E, R>(
    predicate: Effect.Effect<A, E, R>,
    timeout: Duration.DurationInput,
  ): (self: Condition) => Effect.Effect<A, E | NotOwner, R>
  <A, E, R>(
    self: Condition,
    predicate: Effect.Effect<A, E, R>,
    timeout: Duration.DurationInput,
  ): Effect.Effect<A, E | NotOwner, R>
} = dual(
  3,
  <A, E, R>(
    self: Condition,
    predicate: Effect.Effect<A, E, R>,
    timeout: Duration.DurationInput,
  ): Effect.Effect<A, E | NotOwner, R> =>
    Effect.gen(function* () {
      const deadline = performance.now() + Duration.toMillis(timeout)
      for (;;) {
        const value = yield* predicate
        const left = deadline - performance.now()
        if (value || left <= 0) return value
        const waiting = left === Number.POSITIVE_INFINITY ? wait(self) : waitWithin(self, left)
        yield* Effect.catchTag(waiting, "TimedOut", () => Effect.void)
      }
    }),
)

/**
 * Notifies so many waiters: 1, or `count`, or all where there are fewer. They go on once the lock is free. What nobody waits
 * for is not kept.
 *
 * **Errors** – `NotOwner` where the fiber does not hold the lock, and `InvalidArgument` unless `count` is a whole number of at
 * least 0 or infinite. **Source** – Python's `Condition.notify(n)`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const notify = (self: Condition, count = 1): Effect.Effect<void, NotOwner | InvalidArgument> =>
  held(
    self,
    (local) => attempt(() => local.notify(checkCount(count)), "InvalidArgument"),
    () => act(self, "notify", [count], "NotOwner", "InvalidArgument"),
  )

/**
 * Notifies all waiters.
 *
 * **Errors** – as `notify`. **Source** – Python's `Condition.notify_all()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const notifyAll = (self: Condition): Effect.Effect<void, NotOwner> =>
  // It is a number that it accepts.
  notify(self, Number.POSITIVE_INFINITY) as Effect.Effect<void, NotOwner>

/**
 * What is known of the condition. Old when it returns; `waiting` is right where the fiber holds the lock.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: Condition): Effect.Effect<Statistics> => act(self, "seen", [])

const actions = {
  notify: (local, count: number) => {
    if (!local.lock.isLocked) throw plainError("NotOwner", { primitive: "Condition" })
    local.notify(checkCount(count))
  },
  seen: ({ lock, waiting, waitingFibers }): Statistics => ({
    isLocked: lock.isLocked,
    waiting,
    waitingFibers,
  }),
} satisfies Actions<LocalCondition>

const act = acting(sideOf, actions)

/**
 * What an agent does to conditions for others, whose fibers own the locks there.
 *
 * @internal
 */
export const hosted: Hosted = {
  typeId: TypeId,
  sideFor: sidesIn(TypeId, localIn),
  actions,
  effects: {
    wait: (local: LocalCondition, milliseconds: number | undefined) =>
      local.lock.isLocked
        ? Effect.map(waitOnWithin(local, undefined, milliseconds), (taken) => taken ?? NOTHING)
        : notOwner(),
  },
}
