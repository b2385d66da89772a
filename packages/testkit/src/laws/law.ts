/**
 * Laws as data: what any implementation of a primitive must do. A law is given what makes the primitive and is an Effect that
 * dies where it does not hold; which test runner runs it is none of its business. It needs the live clock and nothing else.
 */
import * as Effect from "effect/Effect"
import * as fc from "fast-check"

export interface Law<Subject> {
  readonly name: string
  /** What must hold. */
  readonly says: string
  readonly check: (subject: Subject) => Effect.Effect<void, unknown>
}

/** What every primitive may bring. */
export interface Settling {
  /** Lets whatever is under way arrive. Left out: a moment. */
  readonly settle?: Effect.Effect<void>
}

/** Lets those who act arrive, or do what they should not. */
export const settle = (subject: Settling): Effect.Effect<void> => subject.settle ?? Effect.sleep(2)

/** Waits until something is so. */
export const eventually = (what: string, condition: () => boolean): Effect.Effect<void, unknown> =>
  lookUntil(
    Effect.sync(condition),
    (isSo) => isSo,
    () => what,
  )

/** The same for what has to be asked for. */
export const eventuallyIs = <A>(what: string, ask: Effect.Effect<A, unknown>, expected: A) =>
  lookUntil(
    ask,
    (found) => found === expected,
    (found) => `${what} is ${expected}, but ${found}`,
  )

const lookUntil = <A>(
  ask: Effect.Effect<A, unknown>,
  isSo: (found: A) => boolean,
  tell: (found: A) => string,
): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    const end = performance.now() + 5000
    const look: Effect.Effect<void, unknown> = Effect.flatMap(ask, (found) => {
      if (isSo(found)) return Effect.void
      if (performance.now() > end) return Effect.dieMessage(`Not within 5 s: ${tell(found)}`)
      return Effect.zipRight(Effect.sleep(0), look)
    })
    return look
  })

/** Holds for every value; the smallest for which it does not is told. */
export const forAll = <A>(
  arbitrary: fc.Arbitrary<A>,
  check: (value: A) => Effect.Effect<unknown, unknown>,
  runs = 20,
): Effect.Effect<void> =>
  Effect.promise((signal) =>
    fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        await Effect.runPromise(check(value), { signal })
      }),
      { numRuns: runs, endOnFailure: signal.aborted },
    ),
  )
