/**
 * The synchronous form of `Barrier`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/Barrier"
import { attach, type Memory } from "@multifiber/kernel/Memory"
import * as Membership from "./agent/Membership.ts"
import { makeWordHandles, type WordHandles } from "./sync/Handles.ts"
import { LocalBarrier } from "./sync/LocalBarrier.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Barrier"

/**
 * A barrier that agents share: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.3.0
 */
export interface Barrier {
  readonly [TypeId]: {
    readonly id: string
    /** None in an OS process, which uses it through its starter. */
    readonly words: SharedArrayBuffer | undefined
    /** Milliseconds after which a wait without a timeout of its own breaks it; `Infinity` for none. */
    readonly timeout: number
  }
}

/**
 * The most parties that a barrier can have: 2^12 − 1.
 *
 * @category models
 * @since 0.3.0
 */
export const MAX = Kernel.MAX

/**
 * What an agent keeps of a barrier.
 *
 * @internal
 */
export const localIn = (memory: Memory, user: Membership.User): LocalBarrier =>
  new LocalBarrier({ memory, agents: user.table }, user)

/**
 * What this agent keeps of a barrier.
 *
 * @internal
 */
export const handles: WordHandles<Barrier, LocalBarrier> = makeWordHandles(TypeId, localIn)

const { announce, localOf } = handles

/**
 * Makes a barrier of a checked number of parties.
 *
 * @internal
 */
export const unsafeMake = (parties: number, timeout: number): Barrier => {
  const words = new SharedArrayBuffer(Kernel.BYTES)
  Kernel.initialize(attach(new Int32Array(words)), parties)
  return announce({ [TypeId]: { id: Membership.nextName(), words, timeout } })
}

/**
 * Blocks the agent until all parties have arrived, at most for `milliseconds`, and returns the index of this one: a number
 * below `parties` that no other gets. The action of the party that arrives last runs before anybody passes.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile, and no action that one of its
 * fibers has begun. **Units** – zero or less looks once; the timeout of the barrier where there is none. **Errors** – throws
 * `BrokenBarrier` where it is broken, where that happens meanwhile, and where the time is too short, which breaks it for all.
 * What the action throws comes out here, and breaks it for the others.
 *
 * @example
 * import * as BarrierSync from "multifiber/BarrierSync"
 * import { Barrier, Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 * import { Effect } from "effect"
 *
 * export const { meet } = Task.module(import.meta.url, {
 *   meet: (barrier: BarrierSync.Barrier) => BarrierSync.waitSync(barrier),
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const barrier = yield* Barrier.make(2)
 *   const pool = yield* Pool.make({ size: 2 })
 *   const indexes = yield* Pool.map(pool, meet, [barrier, barrier], { chunkSize: 1 })
 *   console.log(indexes.toSorted().join()) // => 0,1
 * }))
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitSync = (self: Barrier, milliseconds?: number, action?: () => void): number => {
  const ended = localOf(self).waitSync(milliseconds ?? self[TypeId].timeout, action)
  if (ended.is !== "passed") throw plainError("BrokenBarrier", {})
  return ended.index
}

/**
 * Breaks the barrier: who waits, or comes before a `resetSync`, gets `BrokenBarrier`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const abortSync = (self: Barrier): void => localOf(self).abort()

/**
 * Makes the barrier as new; who waits gets `BrokenBarrier`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const resetSync = (self: Barrier): void => localOf(self).reset()

/**
 * How many have to arrive.
 *
 * @category getters
 * @since 0.3.0
 */
export const partiesSync = (self: Barrier): number => localOf(self).parties

/**
 * How many have arrived and wait; 0 where it is broken. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const waitingSync = (self: Barrier): number => localOf(self).waiting

/**
 * Tells whether the barrier is broken. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isBrokenSync = (self: Barrier): boolean => localOf(self).isBroken
