/** Turns at a gate as Effects. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { attempt } from "./guarding.ts"
import { type Act, type LocalTurn, NOTHING, type Nothing, type Waiter } from "./LocalTurn.ts"
import type { Tag } from "./plainErrors.ts"

/** What is done in a turn. */
export interface Turn<A, T extends Tag> {
  readonly turn: LocalTurn
  readonly act: Act<A>
  /** Throws where nobody of this agent may wait any more. */
  readonly check: () => void
  /** What `act` and `check` throw. */
  readonly tags: ReadonlyArray<T>
  /** Who waited gives up. */
  readonly giveUp?: () => void
}

type Failure<T extends Tag> = Effect.Effect.Error<ReturnType<typeof attempt<unknown, T>>>

/** Acts at once where it can. */
export const tryTurn = <A, T extends Tag>(turnOf: () => Turn<A, T>): Effect.Effect<A | Nothing, Failure<T>> =>
  Effect.suspend(() => {
    const { act, check, tags, turn } = turnOf()
    return attempt(
      () => {
        check()
        return turn.tryAct(act)
      },
      ...tags,
    )
  })

/**
 * Waits for its turn until there is something to do, or until `until` ends, which has no effects; then there is `NOTHING`. Only
 * the waiting is interruptible: who has acted returns what came of it.
 */
export const takeTurn = <A, T extends Tag>(
  turnOf: () => Turn<A, T>,
  until: Effect.Effect<unknown> = Effect.never,
): Effect.Effect<A | Nothing, Failure<T>> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const { act, check, giveUp, tags, turn } = turnOf()
      const run = (action: () => A | Nothing) =>
        attempt(
          () => {
            check()
            return action()
          },
          ...tags,
        )
      const waiter: Waiter = { call: () => {} }
      const called = Effect.async<"called">((resume) => {
        waiter.call = () => resume(Effect.succeed("called"))
        turn.await(waiter)
      })
      const next =
        until === Effect.never ? called : Effect.raceFirst(called, Effect.as(until, "late" as const))
      const wait: Effect.Effect<A | Nothing, Failure<T>> = Effect.flatMap(restore(next), (how) =>
        Effect.flatMap(
          run(() => turn.act(waiter, act)),
          (result) => (result === NOTHING && how === "called" ? wait : Effect.succeed(result)),
        ),
      )
      const queue = Effect.onExit(wait, (exit) =>
        Exit.isSuccess(exit) && exit.value !== NOTHING
          ? Effect.void
          : Effect.sync(() => {
              turn.remove(waiter)
              giveUp?.()
            }),
      )
      return Effect.flatMap(
        run(() => turn.tryAct(act)),
        (result) => (result === NOTHING ? queue : Effect.succeed(result)),
      )
    }),
  )
