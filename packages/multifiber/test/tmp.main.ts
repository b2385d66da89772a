import { layer } from "@multifiber/platform"
import * as Effect from "effect/Effect"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import * as Queue from "../src/Queue.ts"
import { t } from "./tmp.tasks.ts"
import { Main } from "@multifiber/platform"
Main.run(import.meta, Effect.gen(function* () {
  const q0 = yield* Queue.make<any>({ capacity: 3 })
  yield* Queue.put(q0, 1); yield* Queue.put(q0, { a: [1, "x", new Map([[1, 2]])] }); yield* Queue.put(q0, new Uint8Array([1, 2, 3]))
  console.log(yield* Queue.tryPut(q0, 4), yield* Queue.get(q0), yield* Queue.get(q0), yield* Queue.get(q0), yield* Queue.size(q0), yield* Queue.tryGet(q0))
  console.log((yield* Effect.flip(Queue.getWithin(q0, 50)))._tag)
  const pool = yield* Pool.make({ size: 2 })
  for (const kind of ["number", "object"]) for (const cap of [0, 1000]) for (let r = 0; r < 3; r++) {
    const q = yield* Queue.make<any>({ capacity: cap })
    const n = kind === "number" ? 300000 : 100000
    const a = yield* Pool.applyAsync(pool, t.produce, [q, n, kind])
    const b = yield* Pool.applyAsync(pool, t.consume, [q, n])
    const t0 = performance.now()
    const x = yield* AsyncResult.get(a); const y = yield* AsyncResult.get(b)
    console.log(kind, cap, y[0] === n * (n - 1) / 2, Math.round(n / y[1]), "k/s", Math.round(n / x), "k/s put")
  }
}).pipe(Effect.scoped))
