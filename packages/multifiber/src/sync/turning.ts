/** Turns at a gate as Effects. */
import * as Effect from "effect/Effect"
import { attempt, attemptNow, attemptThen, type Failure } from "./attempting.ts"
import { type Act, type LocalTurn, NOTHING, type Nothing, Waiter } from "./LocalTurn.ts"
import type { Tag } from "./plainErrors.ts"
import { orWithdraw } from "./withdrawing.ts"

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
export const tryTurn = <A, T extends Tag>(turn: Turn<A, T>): Effect.Effect<A | Nothing, Failure<T>> =>
  attempt(
    () => {
      turn.check()
      const result = turn.turn().actSync(turn.act, 0)
      if (result === NOTHING) turn.giveUp?.()
      return result
    },
    ...turn.tags,
  )

/**
 * Waits for its turn until there is something to do, or until `until` ends, which has no effects; then there is `NOTHING`. Only
 * the waiting is interruptible: who has acted returns what came of it.
 */
export const takeTurn = <A, T extends Tag>(
  turn: Turn<A, T>,
  until?: Effect.Effect<unknown>,
): Effect.Effect<A | Nothing, Failure<T>> =>
  attemptThen(
    () => {
      turn.check()
      return turn.turn().tryActSoon(turn.act)
    },
    (result) => (result === NOTHING ? waitForTurn(turn, until) : Effect.succeed(result)),
    turn.tags,
  )

const CALLED = Effect.succeed("called" as const)

const waitForTurn = <A, T extends Tag>(
  { act, check, giveUp, tags, turn: turnOf }: Turn<A, T>,
  until: Effect.Effect<unknown> | undefined,
): Effect.Effect<A | Nothing, Failure<T>> =>
  Effect.uninterruptibleMask((restore) => {
    const turn = turnOf()
    const waiter = new Waiter()
    const called = Effect.async<"called" | "late">((resume) => {
      waiter.listen(() => resume(CALLED))
    })
    const next = restore(until ? Effect.raceFirst(called, Effect.as(until, "late" as const)) : called)
    const end = (): void => {
      turn.remove(waiter)
      giveUp?.()
    }
    // It queues before its fiber suspends: who closes what it waits for calls whoever queues then.
    const wait = (): Effect.Effect<A | Nothing, Failure<T>> =>
      attemptNow(
        () => {
          check()
          turn.await(waiter)
        },
        () => Effect.flatMap(next, go),
        tags,
      )
    const go = (how: "called" | "late"): Effect.Effect<A | Nothing, Failure<T>> =>
      attemptNow(
        () => {
          check()
          return how === "called" ? turn.act(waiter, act) : turn.tryAct(act)
        },
        (result) => {
          if (result === NOTHING && how === "called") return wait()
          if (result === NOTHING) end()
          else turn.remove(waiter)
          return Effect.succeed(result)
        },
        tags,
      )
    return orWithdraw(Effect.suspend(wait), end)
  })
