/** Connects to a manager of another program, and uses what it finds there: tells its runtime, or why it is refused. */
import process from "node:process"
import { Main } from "@multifiber/platform"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as DictProxy from "multifiber/DictProxy"
import * as Lock from "multifiber/Lock"
import * as Manager from "multifiber/Manager"
import { Platform } from "multifiber/Platform"
import * as Queue from "multifiber/Queue"
import { shop } from "./shop.ts"

const [address = "", authKey = ""] = process.argv.slice(2)

const found = <A>(shelf: DictProxy.DictProxy<string, any>, key: string) =>
  Effect.map(DictProxy.get(shelf, key), (value): A => Option.getOrThrow(value))

const program = Effect.gen(function* () {
  const { runtime } = yield* Platform
  const manager = yield* Manager.connect(JSON.parse(address), { authKey })
  const shelf = (yield* Manager.create(manager, shop.shelf, [])) as unknown as DictProxy.DictProxy<
    string,
    any
  >
  const asked = yield* found<Queue.Queue<unknown>>(shelf, "asked")
  const answered = yield* found<Queue.Queue<unknown>>(shelf, "answered")
  const lock = yield* found<Lock.Lock>(shelf, "lock")
  const dict = yield* Manager.dict<string, unknown>(manager)
  yield* DictProxy.set(shelf, runtime, dict)
  yield* Queue.put(answered, runtime)
  for (let key = 0; ; key++) {
    const value = yield* Queue.get(asked)
    if (value === "no more") break
    yield* DictProxy.set(dict, `${key}`, value)
    yield* Queue.put(answered, Option.getOrThrow(yield* DictProxy.get(dict, `${key}`)))
  }
  // Whoever has it sees that it is held, and then that this program is gone.
  yield* Lock.acquire(lock)
  yield* Queue.put(answered, "held")
  yield* Queue.get(asked)
})

Main.run(
  import.meta,
  Effect.catchTag(program, "AuthFailed", ({ reason }) => Effect.sync(() => console.log(reason))),
)
