/** Turns at a gate as Effects. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { attempt, attemptThen, type Failure } from "./attempting.ts"
import { type Act, type LocalTurn, NOTHING, type Nothing, Waiter } from "./LocalTurn.ts"
import type { Tag } from "./plainErrors.ts"

/** What is done in a turn. */
export interface Turn<A, T extends Tag> {
  /** Throws where nobody of this agent may wait, or may not any more. */
  readonly check: () => void
  /** Where, after the first check. */
  readonly turn: () => LocalTurn
  readonly act: Act<A>
  /** What all three throw. */
  readonly tags: ReadonlyArray<T>
  /** Who waited gives up. */
  readonly giveUp?: () => void
}

/** Acts where there is something to do, and waits for nothing but the turn of another; else it wants nothing any more. */
export const tryTurn = <A, T extends Tag>(turnOf: () => Turn<A, T>): Effect.Effect<A | Nothing, Failure<T>> =>
  Effect.suspend(() => {
    const turn = turnOf()
    return attempt(
      () => {
        turn.check()
        const result = turn.turn().actSync(turn.act, 0)
        if (result === NOTHING) turn.giveUp?.()
        return result
      },
      ...turn.tags,
    )
  })

/**
 * Waits for its turn until there is something to do, or until `until` ends, which has no effects; then there is `NOTHING`. Only
 * the waiting is interruptible: who has acted returns what came of it.
 */
export const takeTurn = <A, T extends Tag>(
  turnOf: () => Turn<A, T>,
  until?: Effect.Effect<unknown>,
): Effect.Effect<A | Nothing, Failure<T>> =>
  Effect.suspend(() => {
    const turn = turnOf()
    return attemptThen(
      () => {
        turn.check()
        return turn.turn().tryActSoon(turn.act)
      },
      (result) => (result === NOTHING ? waitForTurn(turn, until) : Effect.succeed(result)),
      turn.tags,
    )
  })

const waitForTurn = <A, T extends Tag>(
  { act, check, giveUp, tags, turn: turnOf }: Turn<A, T>,
  until: Effect.Effect<unknown> | undefined,
): Effect.Effect<A | Nothing, Failure<T>> => {
  const turn = turnOf()
  const waiter = new Waiter()
  const called = Effect.async<"called" | "late">((resume) => {
    waiter.listen(() => resume(Effect.succeed("called")))
  })
  const next = until ? Effect.raceFirst(called, Effect.as(until, "late" as const)) : called
  const go = (how: "called" | "late"): Effect.Effect<A | Nothing, Failure<T>> =>
    attemptThen(
      () => {
        check()
        return how === "called" ? turn.act(waiter, act) : turn.tryAct(act)
      },
      (result) => (result === NOTHING && how === "called" ? wait : Effect.succeed(result)),
      tags,
    )
  let wait: Effect.Effect<A | Nothing, Failure<T>>
  return Effect.uninterruptibleMask((restore) => {
    // It queues before its fiber suspends: who closes what it waits for calls whoever queues then.
    wait = attemptThen(
      () => {
        check()
        turn.await(waiter)
      },
      () => Effect.flatMap(restore(next), go),
      tags,
    )
    return Effect.onExit(wait, (exit) => {
      turn.remove(waiter)
      if (Exit.isFailure(exit) || exit.value === NOTHING) giveUp?.()
      return Effect.void
    })
  })
}
