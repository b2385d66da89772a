/** Operations that the starter does, as Effects. */
import * as Effect from "effect/Effect"
import * as Calls from "../agent/Calls.ts"
import type { Outcome } from "../wire/Protocol.ts"
import { attempt, attemptThen, type Failure } from "./attempting.ts"
import type { Received } from "./borrowing.ts"
import type { Kept } from "./Kept.ts"
import { NOTHING, type Nothing } from "./LocalTurn.ts"
import { type FieldsOf, plainError, type Tag } from "./plainErrors.ts"
import type { Remote } from "./RemoteSide.ts"

/** What came too late, and cannot be put back. */
interface Keeping {
  readonly kept: Kept<Received>
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

/** How something may come that was kept here, or too late. */
interface Otherwise<A> {
  /** Those that were kept, and what there is among them. */
  readonly kept?: { readonly watch: Kept<Received>["watch"]; readonly look: () => A | undefined }
  /** What came though it was not wanted any more. */
  readonly onLate?: (value: A) => void
}

/**
 * Asks the starter, and waits for its answer. Interruption withdraws the question; where it was done all the same, `onLate` learns
 * what came of it before the interruption is over.
 */
export const callRemote = <A, T extends Tag>(
  { checkOpen, id, pending }: Remote,
  method: string,
  args: ReadonlyArray<unknown>,
  tags: ReadonlyArray<T>,
  { kept, onLate }: Otherwise<A> = {},
): Effect.Effect<A | Nothing, Failure<T>> =>
  Effect.uninterruptibleMask((restore) =>
    attemptThen(
      () => {
        checkOpen()
        return kept?.look()
      },
      (found): Effect.Effect<A | Nothing, Failure<T>> => {
        if (found !== undefined) return Effect.succeed(found)
        let outcome: Outcome | undefined
        let arrived = () => {}
        const late = (outcome: Outcome): void => {
          if (outcome.is === "done") onLate?.(outcome.value as A)
        }
        const settle = (received: Outcome): void => {
          stopLooking?.()
          if (outcome === undefined) {
            outcome = received
            arrived()
          } else {
            late(received)
          }
        }
        const stopLooking = kept?.watch(() => {
          const value = kept.look()
          if (value === undefined) return
          settle({ is: "done", value })
          withdraw()
        })
        // The answer may be there before the call returns.
        let withdraw = () => {}
        const giveUpCall = () => withdraw()
        pending.add(giveUpCall)
        withdraw = Calls.call({ target: id, method, args }, (received) => {
          pending.delete(giveUpCall)
          settle(received)
        })
        const arrival = Effect.async<void>((resume) => {
          arrived = () => resume(Effect.void)
          if (outcome !== undefined) arrived()
        })
        const giveUp = Effect.suspend(() => {
          stopLooking?.()
          if (outcome === undefined) withdraw()
          if (onLate === undefined) return Effect.void
          return Effect.map(arrival, () => late(outcome as Outcome))
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
      },
      tags,
    ),
  )

/**
 * Takes a message that was kept, or asks the starter for one. What is late is for others of this agent, unless `putBack` can give
 * it back.
 */
export const takeRemote = <T extends Tag>(
  remote: Remote & Keeping,
  method: string,
  milliseconds: number | undefined,
  tags: ReadonlyArray<T>,
  onLate: (received: Received) => void = (received) => remote.kept.keep(received),
): Effect.Effect<Received | Nothing, Failure<T>> =>
  callRemote<Received, T>(remote, method, [milliseconds], tags, {
    kept: { watch: (look) => remote.kept.watch(look), look: () => remote.kept.take() },
    onLate,
  })

/** Asks the starter whether there is something, unless something was kept. */
export const pollRemote = <T extends Tag>(
  remote: Remote & Keeping,
  milliseconds: number | undefined,
  tags: ReadonlyArray<T>,
): Effect.Effect<true | Nothing, Failure<T>> =>
  callRemote<true, T>(remote, "poll", [milliseconds], tags, {
    kept: {
      watch: (look) => remote.kept.watch(look),
      look: () => (remote.kept.isEmpty ? undefined : true),
    },
  })

/** Asks for something that is there at once, also where this agent has closed it. */
export const askRemote = <A>(
  remote: Remote,
  method: string,
  args: ReadonlyArray<unknown> = [],
): Effect.Effect<A> => callRemote<A, never>(unclosed(remote), method, args, []) as Effect.Effect<A>

/** The same, whether this agent has closed it or not. */
export const unclosed = ({ id }: Remote): Remote => ({ id, checkOpen: () => {}, pending: new Set() })
