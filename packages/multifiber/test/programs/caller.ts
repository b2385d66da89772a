/** Connects to a listener of another program, tells its runtime, and sends back what comes until there is nothing more. */
import process from "node:process"
import { Main } from "@multifiber/platform"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Client from "multifiber/Client"
import * as Connection from "multifiber/Connection"
import { Platform } from "multifiber/Platform"

const [address = "", authKey = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const { runtime } = yield* Platform
  const connection = yield* Client.connect<unknown>(JSON.parse(address), { authKey })
  yield* Connection.send(connection, runtime)
  yield* Stream.runForEach(Connection.toStream(connection), (value) => Connection.send(connection, value))
})

Main.run(
  import.meta,
  Effect.catchTag(program, "AuthFailed", ({ reason }) => Effect.sync(() => console.log(reason))),
)
