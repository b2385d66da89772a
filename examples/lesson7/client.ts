import process from "node:process"
import { Main } from "@multifiber/platform"
import { Console, Effect } from "effect"
import { Manager, Process } from "multifiber"
import { registered, work } from "./tasks.ts"

/** The other program, on any runtime: its process does the jobs of the first. Its argument is the path of that one's socket. */
const client = Effect.gen(function* () {
  const address = process.argv[2] ?? { host: "127.0.0.1", port: 7007 }
  const manager = yield* Manager.connect(address, { authKey: "lesson 7" }).pipe(
    // The server may not be there yet.
    Effect.tapErrorTag("ConnectFailed", () => Effect.sleep("100 millis")),
    Effect.retry({ times: 100, while: ({ _tag }) => _tag === "ConnectFailed" }),
  )
  const jobs = yield* Manager.create(manager, registered.getJobs, [])
  const counts = yield* Manager.create(manager, registered.getCounts, [])
  const worker = yield* Process.make(work, [jobs, counts])
  yield* Process.start(worker)
  yield* Effect.flatten(Process.result(worker))
  yield* Console.log("worked")
})

Main.run(import.meta, client)
