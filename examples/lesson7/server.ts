import process from "node:process"
import { Main } from "@multifiber/platform"
import { Console, Effect } from "effect"
import { DictProxy, JoinableQueue, Manager, Queue } from "multifiber"
import { registered } from "./tasks.ts"

const words = ["lock", "queue", "lock", "pool", "lock"]

/** The one program: has the jobs and the counts, and waits until others have done the jobs. Its argument is the path of a socket. */
const server = Effect.gen(function* () {
  const address = process.argv[2] ?? { host: "127.0.0.1", port: 7007 }
  const manager = yield* Manager.make({ register: Object.values(registered) })
  yield* Manager.serve(manager, { address, authKey: "lesson 7" })
  const jobs = yield* Manager.create(manager, registered.getJobs, [])
  const counts = yield* Manager.create(manager, registered.getCounts, [])
  yield* Effect.forEach([...words, ""], (word) => Queue.put(jobs, word))
  yield* JoinableQueue.join(jobs)
  yield* Console.log(JSON.stringify(yield* DictProxy.items(counts)))
})

Main.run(import.meta, server)
