/** A manager of this runtime, and programs on each of the three: with the suites of the others, every pair of them. */
import { expect } from "@effect/vitest"
import { run } from "@multifiber/testkit/program"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as DictProxy from "../src/DictProxy.ts"
import * as Lock from "../src/Lock.ts"
import * as Manager from "../src/Manager.ts"
import * as Queue from "../src/Queue.ts"
import { live, within } from "./live.ts"
import { shop } from "./programs/shop.ts"
import { commandFor, RUNTIMES } from "./runtimes.ts"

// Each runtime gets the source: what Node 20 runs in these tests is only for Node.
const customer = new URL("customer.ts", new URL("./programs/", import.meta.url))

const values = [
  1.5,
  "ü",
  null,
  { a: [new Date(5), 2n] },
  new Map([[{ b: 1 }, new Set(["c"])]]),
  new RangeError("far"),
  Uint8Array.from({ length: 100_000 }, (_, i) => i % 251),
]

for (const runtime of RUNTIMES) {
  live(
    `a program on ${runtime} uses a dict, queues and a lock; with another key it does not`,
    () =>
      Effect.gen(function* () {
        const manager = yield* within(20)(Manager.make({ register: Object.values(shop) }))
        const server = yield* Manager.serve(manager, { authKey: "shared" })
        const shelf = (yield* Manager.create(manager, shop.shelf, [])) as unknown as DictProxy.DictProxy<
          string,
          any
        >
        const asked = yield* Manager.queue<unknown>(manager)
        const answered = yield* Manager.queue<unknown>(manager)
        const lock = yield* Manager.lock(manager)
        yield* DictProxy.update(shelf, Object.entries({ asked, answered, lock }))
        const address = JSON.stringify(server.address)
        const call = (authKey: string) =>
          run(customer, { runtime: commandFor(runtime), args: [address, authKey], seconds: 40 })
        const next = within(10)(Queue.get(answered))

        const program = yield* Effect.fork(call("shared"))
        expect(yield* within(40)(Queue.get(answered))).toBe(runtime)
        expect(yield* server.connections).toBe(1)
        for (const value of values) {
          yield* Queue.put(asked, value)
          expect(yield* next).toEqual(value)
        }
        const dict: DictProxy.DictProxy<string, unknown> = Option.getOrThrow(
          yield* DictProxy.get(shelf, runtime),
        )
        expect(yield* DictProxy.values(dict)).toEqual(values)
        yield* Queue.put(asked, "no more")
        expect(yield* next).toBe("held")
        expect(yield* Lock.isLocked(lock)).toBe(true)
        const waiting = yield* Effect.fork(Lock.acquire(lock))
        yield* Queue.put(asked, "go")
        expect(yield* Fiber.join(program)).toMatchObject({ code: 0, stdout: "", stderr: "" })
        expect(yield* within(10)(Fiber.join(waiting))).toBe("abandoned")

        expect(yield* call("a guess")).toMatchObject({
          code: 0,
          stdout: "the client has another key\n",
          stderr: "",
        })
      }),
    100,
  )
}
