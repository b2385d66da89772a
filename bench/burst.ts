import { Effect } from "effect"
import { AsyncResult, Pool } from "multifiber"
import { increment } from "./tasks.ts"

/** Submits a task for each item, then waits for all results. */
export const burst = (pool: Pool.Pool) => (items: ReadonlyArray<number>) =>
  Effect.runPromise(Effect.flatMap(submitAll(pool, items), awaitAll))

export const submitAll = (pool: Pool.Pool, items: ReadonlyArray<number>) =>
  Effect.forEach(items, (n) => Pool.applyAsync(pool, increment, [n]))

export const awaitAll = (pending: ReadonlyArray<AsyncResult.AsyncResult<number>>) =>
  Effect.forEach(pending, (result) => AsyncResult.get(result))
