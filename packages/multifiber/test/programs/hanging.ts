/** Effects that tell when they are interrupted. */
import * as Flags from "@multifiber/testkit/Flags"
import * as Marks from "@multifiber/testkit/Marks"
import * as Effect from "effect/Effect"
import * as Task from "multifiber/Task"

const hanging = (begun: () => void, interrupted: () => void): Effect.Effect<never> =>
  Effect.zipRight(
    Effect.sync(begun),
    Effect.onInterrupt(Effect.never, () => Effect.sync(interrupted)),
  )

export const { hang, hangMarked } = Task.module(import.meta.url, {
  hang: (flags: Flags.Flags) =>
    hanging(
      () => Flags.add(flags, 0),
      () => Flags.add(flags, 1),
    ),
  hangMarked: (marks: Marks.Marks, n: number) =>
    hanging(
      () => Marks.set(marks, `begun ${n}`),
      () => Marks.set(marks, `interrupted ${n}`),
    ),
})
