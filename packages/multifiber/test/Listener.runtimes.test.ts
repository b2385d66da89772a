/** A listener of this runtime, and clients on each of the three: with the suites of the others, every pair of them. */
import { expect } from "@effect/vitest"
import { run } from "@multifiber/testkit/program"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Connection from "../src/Connection.ts"
import * as Listener from "../src/Listener.ts"
import { live, within } from "./live.ts"
import { commandFor, RUNTIMES } from "./runtimes.ts"

// Each runtime gets the source: what Node 20 runs in these tests is only for Node.
const caller = new URL("caller.ts", new URL("./programs/", import.meta.url))

const values = [
  1.5,
  -0,
  "ü",
  null,
  { a: [new Date(5), 2n] },
  new Map([[{ b: 1 }, new Set(["c"])]]),
  new RangeError("far"),
]

for (const runtime of RUNTIMES) {
  live(
    `a program on ${runtime} connects, and gets back what it is sent; with another key it does not`,
    () =>
      Effect.gen(function* () {
        const listener = yield* Listener.make({ authKey: "shared" })
        const address = JSON.stringify(Listener.address(listener))
        const call = (authKey: string) =>
          run(caller, { runtime: commandFor(runtime), args: [address, authKey], seconds: 40 })
        const program = yield* Effect.fork(call("shared"))
        const connection = yield* within(40)(Listener.accept<any>(listener))
        expect(yield* within(10)(Connection.recv(connection))).toBe(runtime)
        for (const value of values) yield* Connection.send(connection, value)
        expect(yield* within(10)(Effect.replicateEffect(Connection.recv(connection), values.length))).toEqual(
          values,
        )
        const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251)
        yield* Connection.sendBytes(connection, bytes)
        const echoed = yield* within(10)(Connection.recvBytes(connection))
        expect(echoed.length).toBe(bytes.length)
        expect(echoed.every((byte, i) => byte === bytes[i])).toBe(true)
        yield* Connection.close(connection)
        expect(yield* Fiber.join(program)).toMatchObject({ code: 0, stdout: "", stderr: "" })

        const refused = yield* Effect.fork(Effect.flip(Listener.accept(listener)))
        const ended = yield* call("a guess")
        expect(ended).toMatchObject({ code: 0, stdout: "the client has another key\n", stderr: "" })
        expect(yield* Fiber.join(refused)).toMatchObject({ _tag: "AuthFailed" })
      }),
    100,
  )
}
