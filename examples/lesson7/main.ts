import { Main } from "@multifiber/platform"
import { Console, Effect, Option } from "effect"
import { DictProxy, Manager, Pool } from "multifiber"
import { countAtOnce, countInCopy, countWithLock, registered } from "./tasks.ts"

const word = "fiber"

const times = Array.from({ length: 100 })

/** Without a manager: each worker counts in a copy. */
const inCopies = Effect.gen(function* () {
  const pool = yield* Pool.make({ size: 4 })
  const counts = new Map<string, number>()
  yield* Pool.starmap(
    pool,
    countInCopy,
    times.map((): [Map<string, number>, string] => [counts, word]),
  )
  return counts.get(word) ?? 0
})

/** With one: all count in the same dict. */
const inManager = Effect.gen(function* () {
  const manager = yield* Manager.make({ register: Object.values(registered) })
  const counts = yield* Manager.dict<string, number>(manager)
  const lock = yield* Manager.lock(manager)
  const pool = yield* Pool.make({ size: 4 })
  const each = <A>(args: A) => times.map(() => args)
  yield* Pool.starmap(pool, countWithLock, each<[typeof counts, typeof lock, string]>([counts, lock, word]))
  const withLock = Option.getOrThrow(yield* DictProxy.pop(counts, word).pipe(Effect.option))
  yield* Pool.starmap(pool, countAtOnce, each<[typeof counts, string]>([counts, word]))
  return { withLock, atOnce: yield* DictProxy.pop(counts, word) }
})

/** Lesson 7: what processes change together lives in a manager. */
const lesson7 = Effect.gen(function* () {
  yield* Console.log(`4 workers count to ${times.length}`)
  yield* Console.log(`in copies: ${yield* inCopies}`)
  const { atOnce, withLock } = yield* inManager
  yield* Console.log(`in a manager, with a lock: ${withLock}`)
  yield* Console.log(`in a manager, in one step: ${atOnce}`)
})

Main.run(import.meta, lesson7)
