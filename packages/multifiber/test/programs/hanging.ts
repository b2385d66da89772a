/** An effect that tells when it is interrupted. */
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Task from "multifiber/Task"

export const { hang } = Task.module(import.meta.url, {
  hang: (flags: Flags.Flags) =>
    Effect.zipRight(
      Effect.sync(() => Flags.add(flags, 0)),
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => Flags.add(flags, 1))),
    ),
})
