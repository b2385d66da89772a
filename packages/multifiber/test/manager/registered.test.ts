import { expect } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { once } from "../../src/manager/registered.ts"
import { live, within } from "../live.ts"

live("what is made once is made for all, also where the first who asked has withdrawn", () =>
  Effect.gen(function* () {
    let made = 0
    const gate = yield* Deferred.make<void>()
    const making = Effect.zipRight(
      Deferred.await(gate),
      Effect.sync(() => ++made),
    )
    const shared = yield* once(making, yield* Effect.scope)
    const first = yield* Effect.fork(shared)
    yield* Effect.sleep(10)
    yield* within(5)(Fiber.interrupt(first))
    yield* Deferred.succeed(gate, undefined)
    expect(yield* within(5)(shared)).toBe(1)
    expect(yield* shared).toBe(1)
  }),
)
