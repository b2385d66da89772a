/** A program that forgets the guard: its workers run it again when they import it. */
import process from "node:process"
import { layer } from "@multifiber/platform"
import * as Effect from "effect/Effect"
import * as Pool from "multifiber/Pool"
import * as Task from "multifiber/Task"

const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })

process.stdout.write("top level\n")
await Effect.runPromise(
  Effect.flatMap(Pool.make({ size: 1 }), (pool) => Pool.apply(pool, square, [2])).pipe(
    Effect.scoped,
    Effect.provide(layer),
  ),
)
