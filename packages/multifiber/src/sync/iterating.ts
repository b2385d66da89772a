/** Goes through values of a managed object, wherever it is. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { invokeAny, isGone } from "./invoking.ts"
import { type Handle, release } from "./managed.ts"

/** Before the name of a method: what it returns is gone through. */
export const EACH_OF = "each of "

/** So many values come at a time, where they are there. */
const CHUNK = 256

/** What it does at its end may fail there. */
const endIteration = (iteration: Handle): Effect.Effect<void> =>
  invokeAny(iteration, "end", []).pipe(
    Effect.catchIf(isGone, () => Effect.void),
    Effect.catchAll((error) => Effect.logWarning("A stream of a managed object has not ended well", error)),
    Effect.zipRight(Effect.sync(() => release(iteration))),
  )

/** What can be gone through from afar. */
export const iterate = <A, E>(opening: Effect.Effect<Handle, E>): Stream.Stream<A, E> =>
  Stream.unwrapScoped(
    Effect.map(
      Effect.uninterruptibleMask((restore) =>
        Effect.tap(restore(opening), (iteration) => Effect.addFinalizer(() => endIteration(iteration))),
      ),
      (iteration) =>
        Stream.repeatEffectChunkOption(
          Effect.mapError(
            // It fails as its opening does, but for what its type says.
            invokeAny<ReadonlyArray<A>>(iteration, "next", [CHUNK]) as Effect.Effect<ReadonlyArray<A>, E>,
            Option.some,
          ).pipe(
            Effect.flatMap((values) =>
              values.length === 0
                ? Effect.fail(Option.none())
                : Effect.succeed(Chunk.unsafeFromArray(values)),
            ),
          ),
        ),
    ),
  )
