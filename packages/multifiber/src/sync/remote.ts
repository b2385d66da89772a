/** Operations that the starter does, as Effects. */
import * as Effect from "effect/Effect"
import * as Calls from "../agent/Calls.ts"
import type { Outcome } from "../wire/Protocol.ts"
import { attempt } from "./guarding.ts"
import { NOTHING, type Nothing } from "./LocalTurn.ts"
import { type FieldsOf, plainError, type Tag } from "./plainErrors.ts"

/** What this agent keeps of something that it uses through its starter. */
export interface Remote {
  readonly id: string
  /** Throws where this agent does not use it any more. */
  readonly checkOpen: () => void
  /** How to withdraw what it waits for. */
  readonly pending: Set<() => void>
}

/** What came of it; throws what it failed with. */
const read = (outcome: Outcome): unknown => {
  switch (outcome.is) {
    case "done":
      return outcome.value
    case "failed":
      throw plainError(outcome.tag as Tag, outcome.fields as FieldsOf<Tag>)
    default:
      return NOTHING
  }
}

/**
 * Asks the starter, and waits for its answer. Interruption withdraws the question; where it was done all the same, `onLate` learns
 * what came of it.
 */
export const callRemote = <A, T extends Tag>(
  { checkOpen, id, pending }: Remote,
  method: string,
  args: ReadonlyArray<unknown>,
  tags: ReadonlyArray<T>,
  onLate: (value: A) => void = () => {},
): Effect.Effect<A | Nothing, Effect.Effect.Error<ReturnType<typeof attempt<unknown, T>>>> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(attempt(checkOpen, ...tags), () => {
      let outcome: Outcome | undefined
      let isWanted = true
      let arrived = () => {}
      const late = (outcome: Outcome): void => {
        if (outcome.is === "done") onLate(outcome.value as A)
      }
      // The answer may be there before the call returns.
      let withdraw = () => {}
      const giveUpCall = () => withdraw()
      pending.add(giveUpCall)
      withdraw = Calls.call({ target: id, method, args }, (received) => {
        pending.delete(giveUpCall)
        if (!isWanted) return late(received)
        outcome = received
        arrived()
      })
      const arrival = Effect.async<void>((resume) => {
        arrived = () => resume(Effect.void)
        if (outcome !== undefined) arrived()
      })
      const giveUp = Effect.sync(() => {
        isWanted = false
        if (outcome === undefined) withdraw()
        else late(outcome)
      })
      const result = attempt(
        () => {
          const value = read(outcome as Outcome) as A | Nothing
          if (value === NOTHING) checkOpen()
          return value
        },
        ...tags,
      )
      return Effect.zipRight(
        Effect.onInterrupt(restore(arrival), () => giveUp),
        result,
      )
    }),
  )

/** Asks for something that is there at once, also where this agent has closed it. */
export const askRemote = <A>(
  remote: Remote,
  method: string,
  args: ReadonlyArray<unknown> = [],
): Effect.Effect<A> => callRemote<A, never>(unclosed(remote), method, args, []) as Effect.Effect<A>

/** The same, whether this agent has closed it or not. */
export const unclosed = ({ id }: Remote): Remote => ({ id, checkOpen: () => {}, pending: new Set() })

/** Asks the starter, and waits for no answer. */
export const tellRemote = (id: string, method: string, args: ReadonlyArray<unknown>): void => {
  Calls.call({ target: id, method, args }, () => {})
}
