/**
 * A barrier between agents, and between the fibers of each: Python's `multiprocessing.Barrier`.
 *
 * @since 0.3.0
 */
import type * as Kernel from "@multifiber/kernel/Barrier"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Calls from "./agent/Calls.ts"
import { type Barrier, handles, localIn, MAX, TypeId, unsafeMake } from "./BarrierSync.ts"
import { BrokenBarrier, InvalidArgument } from "./Errors.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { sidesIn } from "./sync/Handles.ts"
import type { LocalBarrier, Waiter } from "./sync/LocalBarrier.ts"
import { RemoteSide } from "./sync/RemoteSide.ts"
import { callRemote } from "./sync/remote.ts"

export type { Barrier } from "./BarrierSync.ts"

const { sideOf } = handles

/**
 * What is known of a barrier.
 *
 * @category models
 * @since 0.3.0
 */
export interface Statistics {
  readonly parties: number
  /** How many have arrived and wait; 0 where it is broken. */
  readonly waiting: number
  /** Fibers of this agent that wait, be it only for an action to end. */
  readonly waitingFibers: number
  readonly isBroken: boolean
}

/**
 * Tells whether a value is the handle of a barrier.
 *
 * @category guards
 * @since 0.3.0
 */
export const isBarrier = (u: unknown): u is Barrier => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a barrier for so many parties. A party is a fiber, or the plain code of an agent, that waits at it.
 *
 * **Shape** – a handle to some 3 KB of shared memory. It may be sent to any agent, at any depth of an argument or a
 * result, and in messages. An OS process uses it through the agent that has sent it: each operation is a message there and back,
 * plain code cannot use it there, and its death counts as that of any other agent. **Units** – `timeout` is a
 * `Duration`, for waits that have none of their own; without it they wait for ever. **Errors** – `InvalidArgument` unless
 * `parties` is a whole number from 1 to `BarrierSync.MAX`.
 *
 * **Source** – Python's `Barrier(parties, action, timeout)`. There the action belongs to the barrier; a function cannot travel
 * between agents, so here each party brings its own to `wait`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Barrier } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const barrier = yield* Barrier.make(3)
 *   const indexes = yield* Effect.replicateEffect(Barrier.wait(barrier), 3, { concurrency: 3 })
 *   return indexes.toSorted()
 * })
 * console.log(...(await Effect.runPromise(program))) // => 0 1 2
 *
 * @category constructors
 * @since 0.3.0
 */
export const make = (
  parties: number,
  options: { readonly timeout?: Duration.DurationInput } = {},
): Effect.Effect<Barrier, InvalidArgument> =>
  Effect.suspend(() => {
    if (!Number.isSafeInteger(parties) || parties < 1 || parties > MAX) {
      const expected = `a whole number of at least 1 and at most ${MAX}`
      return Effect.fail(new InvalidArgument({ argument: "parties", value: parties, expected }))
    }
    return Effect.succeed(unsafeMake(parties, Duration.toMillis(options.timeout ?? Duration.infinity)))
  })

/**
 * What a party brings.
 *
 * @category models
 * @since 0.3.0
 */
export interface WaitOptions<E = never, R = never> {
  /** Runs where this party arrives last, before anybody passes. */
  readonly action?: Effect.Effect<unknown, E, R>
}

/** Waits until a waiter has ended; after so many milliseconds that ends by breaking the barrier. */
const end = (local: LocalBarrier, waiter: Waiter, milliseconds: number): Effect.Effect<Kernel.Ended> => {
  if (waiter.ended !== undefined) return Effect.succeed(waiter.ended)
  if (milliseconds <= 0) return Effect.sync(() => local.expire(waiter))
  const waiting = Effect.async<Kernel.Ended>((resume) => {
    waiter.resume = (ended) => resume(Effect.succeed(ended))
    if (waiter.ended !== undefined) waiter.resume(waiter.ended)
  })
  if (!Number.isFinite(milliseconds)) return waiting
  return Effect.raceFirst(
    waiting,
    Effect.map(Effect.sleep(milliseconds), () => local.expire(waiter)),
  )
}

/** Arrives, and waits until that has ended. Only the waiting is interruptible: an arrival must be taken back, or end. */
const arrive = (local: LocalBarrier, acts: boolean, milliseconds: number, restore: Restore) =>
  Effect.suspend(() => {
    const waiter = local.begin(acts)
    return Effect.onInterrupt(restore(end(local, waiter, milliseconds)), () =>
      Effect.sync(() => local.withdraw(waiter)),
    )
  })

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** The same by the starter. Where nobody is there any more to run the action, nobody passes. */
const arriveRemote = (side: RemoteSide, acts: boolean, milliseconds: number) =>
  callRemote<Kernel.Ended, never>(side, "meet", [acts, milliseconds], [], {
    onLate: (ended) => {
      if (ended.is !== "acts") return
      Calls.call({ target: side.id, method: "fail", args: [ended.since] }, () => {})
    },
  }) as Effect.Effect<Kernel.Ended>

const meet = <E, R>(
  self: Barrier,
  milliseconds: number,
  { action }: WaitOptions<E, R> = {},
): Effect.Effect<number, E | BrokenBarrier, R> =>
  // Only the waiting and the action are interruptible.
  Effect.uninterruptibleMask((restore) => {
    const settle = (ended: Kernel.Ended): Effect.Effect<number, E | BrokenBarrier, R> => {
      if (ended.is === "passed") return Effect.succeed(ended.index)
      if (ended.is === "broken" || action === undefined) return Effect.fail(new BrokenBarrier())
      return Effect.matchCauseEffect(restore(action), {
        onFailure: (cause) => Effect.zipRight(act(self, "fail", [ended.since]), Effect.failCause(cause)),
        onSuccess: () => Effect.flatMap(act(self, "complete", [ended.since]), settle),
      })
    }
    const acts = action !== undefined
    const arrived = Effect.suspend(() => {
      const side = sideOf(self)
      return side instanceof RemoteSide
        ? restore(arriveRemote(side, acts, milliseconds))
        : arrive(side, acts, milliseconds, restore)
    })
    return Effect.flatMap(arrived, settle)
  })

const actions = {
  abort: (local) => local.abort(),
  reset: (local) => local.reset(),
  parties: ({ parties }) => parties,
  waiting: ({ waiting }) => waiting,
  isBroken: ({ isBroken }) => isBroken,
  complete: (local, since: number) => local.complete(since),
  fail: (local, since: number) => local.fail(since),
  seen: ({ isBroken, parties, waiting, waitingFibers }): Statistics => ({
    parties,
    waiting,
    waitingFibers,
    isBroken,
  }),
} satisfies Actions<LocalBarrier>

const act = acting(sideOf, actions)

/**
 * What an agent does to barriers for others.
 *
 * @internal
 */
export const hosted: Hosted = {
  typeId: TypeId,
  sideFor: sidesIn(TypeId, localIn),
  actions,
  effects: {
    meet: (local: LocalBarrier, acts: boolean, milliseconds: number) =>
      Effect.uninterruptibleMask((restore) => arrive(local, acts, milliseconds, restore)),
  },
}

/**
 * Waits until all parties have arrived, and returns the index of this one: a number from 0 to `parties` − 1 that no other of
 * them gets. Then the barrier begins anew.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – all pass together. Where more wait than
 * there are parties, those that came first pass; who comes while an action runs arrives after it. A waiter beyond their number
 * that wakes more than 128 rounds late gets the last index, whoever else has it. **Interruption** – takes the
 * arrival back, so that one more has to come; of the action, breaks the barrier.
 *
 * **Errors** – `BrokenBarrier` where the barrier is broken, or breaks meanwhile: by `abort`, `reset`, the timeout of a party,
 * an action that fails, or the death of an agent in which a party waits. One that dies before it arrives is not known: a
 * timeout covers that. A broken barrier stays so until `reset`. The party whose action fails gets the error of that.
 *
 * **Source** – Python's `Barrier.wait()`. There a process that is killed while it waits stays counted, and the next to arrive
 * hangs; and a timeout that ends while the action runs is not seen before that has run.
 *
 * @example
 * import { Effect } from "effect"
 * import { Barrier } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const barrier = yield* Barrier.make(2)
 *   const action = Effect.sync(() => console.log("both are here")) // => both are here
 *   yield* Effect.replicateEffect(Barrier.wait(barrier, { action }), 2, { concurrency: 2 })
 * })
 * await Effect.runPromise(program)
 *
 * @category combinators
 * @since 0.3.0
 */
export const wait: {
  <E = never, R = never>(
    options?: WaitOptions<E, R>,
  ): (self: Barrier) => Effect.Effect<number, E | BrokenBarrier, R>
  <E = never, R = never>(
    self: Barrier,
    options?: WaitOptions<E, R>,
  ): Effect.Effect<number, E | BrokenBarrier, R>
} = dual(
  ([first]) => isBarrier(first),
  <E, R>(self: Barrier, options?: WaitOptions<E, R>) => meet(self, self[TypeId].timeout, options),
)

/**
 * Waits at most as long as `timeout`; then the barrier is broken, for all.
 *
 * **Units** – a `Duration`, instead of the timeout of the barrier; zero looks once. It bounds the waiting, not the action of
 * this party. **Errors** – `BrokenBarrier`; else as `wait`. **Source** – Python's `Barrier.wait(timeout)`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitWithin: {
  <E = never, R = never>(
    timeout: Duration.DurationInput,
    options?: WaitOptions<E, R>,
  ): (self: Barrier) => Effect.Effect<number, E | BrokenBarrier, R>
  <E = never, R = never>(
    self: Barrier,
    timeout: Duration.DurationInput,
    options?: WaitOptions<E, R>,
  ): Effect.Effect<number, E | BrokenBarrier, R>
} = dual(
  ([first]) => isBarrier(first),
  <E, R>(self: Barrier, timeout: Duration.DurationInput, options?: WaitOptions<E, R>) =>
    meet(self, Duration.toMillis(timeout), options),
)

/**
 * Breaks the barrier: who waits, or comes before a `reset`, gets `BrokenBarrier`.
 *
 * **Source** – Python's `Barrier.abort()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const abort = (self: Barrier): Effect.Effect<void> => act(self, "abort", [])

/**
 * Makes the barrier as new; who waits gets `BrokenBarrier`. An action that runs is not stopped, so that one of the next round
 * may run beside it.
 *
 * **Source** – Python's `Barrier.reset()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const reset = (self: Barrier): Effect.Effect<void> => act(self, "reset", [])

/**
 * How many have to arrive.
 *
 * @category getters
 * @since 0.3.0
 */
export const parties = (self: Barrier): Effect.Effect<number> => act(self, "parties", [])

/**
 * How many have arrived and wait; 0 where the barrier is broken. Old when it returns.
 *
 * **Source** – Python's `Barrier.n_waiting`.
 *
 * @category getters
 * @since 0.3.0
 */
export const waiting = (self: Barrier): Effect.Effect<number> => act(self, "waiting", [])

/**
 * Tells whether the barrier is broken. Old when it returns.
 *
 * **Source** – Python's `Barrier.broken`.
 *
 * @category getters
 * @since 0.3.0
 */
export const isBroken = (self: Barrier): Effect.Effect<boolean> => act(self, "isBroken", [])

/**
 * What is known of the barrier. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: Barrier): Effect.Effect<Statistics> => act(self, "seen", [])
