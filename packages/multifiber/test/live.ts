/** Tests on the platform of this runtime. */
import { it } from "@effect/vitest"
import { layer } from "@multifiber/platform"
import * as Flags from "@multifiber/testkit/Flags"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Platform } from "multifiber/Platform"

type Live = Platform | Recorder.Recorder | Scope.Scope

/** A test with real workers, in a scope of its own; its agents and holds are recorded. */
export const live = <A, E>(name: string, body: () => Effect.Effect<A, E, Live>, seconds = 30): void =>
  it.scopedLive(name, () => Effect.provide(body(), Recorder.layer(layer)), 1000 * seconds)

/** Fails where an effect takes longer, even where it cannot be interrupted: a hang is a failure, not a stuck suite. */
export const within =
  (seconds: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.timeoutFailCause(Effect.disconnect(effect), {
      duration: `${seconds} seconds`,
      onTimeout: () => Cause.die(new Error(`takes longer than ${seconds} s`)),
    })

/** What a program of the user's did wrong, as its exit tells. */
export const defectOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.dieOption(exit.cause)) : undefined

/** Waits until tasks have added so much to a flag. */
export const reached = (flags: Flags.Flags, index: number, value = 1): Effect.Effect<void> =>
  Effect.promise(() => Flags.reached(flags, index, value))
