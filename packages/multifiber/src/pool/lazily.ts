/** Maps a stream of items over a pool, as far ahead of the reader as he wants. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Pending } from "../agent/Pending.ts"
import { Ahead } from "./Ahead.ts"

export interface Lazy<A, E, E2> {
  /** Items that are read and submitted together. */
  readonly chunkSize: number
  /** So many items are on their way at most, or not taken. */
  readonly buffer: number
  readonly ordered: boolean
  /** Submits the job of an item, once there is room for it, and passes it on at once: nobody is interrupted in between. */
  readonly submit: (item: unknown, submitted: (job: Pending) => void) => Effect.Effect<void, E2>
  /** What the reader gets of a job. */
  readonly onSuccess: (value: any) => A
  readonly onFailure: (error: any) => Effect.Effect<A, E>
}

type Pull<A, E> = Effect.Effect<A, Option.Option<E>>

/** Pulls chunks of so many items; the last may have fewer. Of an iterable that throws it loses what it read for that chunk. */
const pullOf = <E>(
  input: Iterable<unknown> | Stream.Stream<unknown, E>,
  chunkSize: number,
): Effect.Effect<Pull<ReadonlyArray<unknown>, E>, never, Scope.Scope> => {
  if (Symbol.iterator in input) return Effect.sync(() => pullIterator(input[Symbol.iterator](), chunkSize))
  return Effect.map(Stream.toPull(Stream.rechunk(input, chunkSize)), (pull) =>
    Effect.map(pull, Chunk.toReadonlyArray),
  )
}

const pullIterator = (iterator: Iterator<unknown>, chunkSize: number): Pull<ReadonlyArray<unknown>, never> =>
  Effect.suspend(() => {
    const items: Array<unknown> = []
    while (items.length < chunkSize) {
      const next = iterator.next()
      if (next.done) break
      items.push(next.value)
    }
    return items.length === 0 ? Effect.fail(Option.none()) : Effect.succeed(items)
  })

export const lazily = <A, E, E2, E3>(
  input: Iterable<unknown> | Stream.Stream<unknown, E3>,
  { buffer, chunkSize, onFailure, onSuccess, ordered, submit }: Lazy<A, E, E2>,
): Stream.Stream<A, E | E2 | E3> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const ahead = yield* Effect.acquireRelease(
        Effect.sync(() => new Ahead(buffer, ordered)),
        (ahead) => Effect.sync(() => ahead.abandon()),
      )
      const pull = yield* pullOf(input, chunkSize)
      let end: Exit.Exit<never, Option.Option<E2 | E3>> | undefined
      const submitChunk = Effect.gen(function* () {
        yield* ahead.until(() => ahead.room >= Math.min(chunkSize, buffer))
        for (const item of yield* pull) {
          yield* Effect.mapError(
            submit(item, (job) => ahead.add(job)),
            Option.some,
          )
        }
      })
      // It starts with the first reading, and then reads on by itself.
      let reader: Effect.Effect<unknown> = Effect.flatMap(Effect.scope, (scope) =>
        Effect.forkIn(
          Effect.onExit(Effect.forever(submitChunk), (exit) =>
            Effect.sync(() => {
              end = exit
              ahead.changed()
            }),
          ),
          scope,
        ),
      ).pipe(Effect.provide(yield* Effect.context<Scope.Scope>()))
      const next: Pull<Chunk.Chunk<A>, E | E2 | E3> = Effect.suspend(() => {
        const jobs = ahead.take()
        const [first] = jobs
        // In one step: what was taken would be lost where the reader is interrupted.
        if (first?.status === "succeeded") {
          return Effect.succeed(Chunk.unsafeFromArray(jobs.map(({ outcome }) => onSuccess(outcome))))
        }
        if (first)
          return Effect.mapBoth(onFailure(first.outcome), { onFailure: Option.some, onSuccess: Chunk.of })
        if (end !== undefined && ahead.isEmpty) return end
        const isChanged = () => ahead.hasReady || (end !== undefined && ahead.isEmpty)
        return Effect.zipRight(ahead.until(isChanged), next)
      })
      return Stream.repeatEffectChunkOption(
        Effect.suspend(() => {
          const start = reader
          reader = Effect.void
          return Effect.zipRight(start, next)
        }),
      )
    }),
  )
