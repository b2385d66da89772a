/** A program that forgets the guard: its process runs it again when it imports it. */
import process from "node:process"
import { layer } from "@multifiber/platform"
import * as Effect from "effect/Effect"
import * as Process from "multifiber/Process"
import * as Task from "multifiber/Task"

const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })

process.stdout.write("top level\n")
await Effect.runPromise(
  Effect.gen(function* () {
    const process = yield* Process.make(square, [2])
    yield* Process.start(process)
    return yield* yield* Process.result(process)
  }).pipe(Effect.scoped, Effect.provide(layer)),
)
