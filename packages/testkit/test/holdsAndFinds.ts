/** Laws held against a plain implementation in one agent, and against the same one with bugs. */
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Law } from "../src/laws/law.ts"

const BOUND = 60_000

/** Why a law does not hold, none where it does. One that has not come to an end by then does not. */
const breach = <Subject>(
  { check }: Law<Subject>,
  subject: Subject,
  seconds: number,
): Effect.Effect<string | undefined> =>
  Effect.map(
    Effect.exit(
      Effect.timeoutFail(Effect.disconnect(check(subject)), {
        duration: `${seconds} seconds`,
        onTimeout: () => "it waits for ever",
      }),
    ),
    (exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : undefined),
  )

/** A law of cases at random may miss a bug; that it does so this often shows that it does not see it. */
const ATTEMPTS = 8

const found = <Subject>(law: Law<Subject>, subject: Subject): Effect.Effect<boolean> =>
  Effect.repeat(
    Effect.map(breach(law, subject, 3), (why) => why !== undefined),
    { until: (isFound) => isFound, times: ATTEMPTS - 1 },
  )

/** The laws hold, and each bug is found by the laws that are named with it. */
export const holdsAndFinds = <Subject, Bug extends string>(
  name: string,
  laws: ReadonlyArray<Law<Subject>>,
  make: (bug?: Bug) => Subject,
  bugs: Record<Bug, ReadonlyArray<string>>,
): void => {
  describe.concurrent(name, () => {
    for (const law of laws) {
      it.live(
        `${law.name} holds`,
        () => Effect.map(breach(law, make(), 40), (why) => expect(why).toBeUndefined()),
        BOUND,
      )
    }

    const cases = (Object.entries(bugs) as Array<[Bug, ReadonlyArray<string>]>).flatMap(([bug, names]) =>
      laws.filter(({ name }) => names.includes(name)).map((law) => ({ bug, law })),
    )
    it.live(
      "each bug is found by its laws",
      () =>
        Effect.gen(function* () {
          const missed = yield* Effect.filter(cases, ({ bug, law }) => Effect.negate(found(law, make(bug))), {
            concurrency: "unbounded",
          })
          expect(missed.map(({ bug, law }) => `${law.name}: ${bug}`)).toEqual([])
          expect(cases.length).toBe(Object.values(bugs).flat().length)
        }),
      BOUND,
    )
  })
}
