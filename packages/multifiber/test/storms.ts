/** What tests have in common that kill agents at random. */
import process from "node:process"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Lock from "../src/Lock.ts"
import * as Process from "../src/Process.ts"
import { within } from "./live.ts"

/** How long a storm lasts: a few seconds where MULTIFIBER_STORM_SECONDS does not say. */
export const SECONDS = Number(process.env.MULTIFIBER_STORM_SECONDS ?? 4)

/** Fibers that go in with the lock, again and again. One that is interrupted does not keep it. */
export const visitors = (lock: Lock.Lock, visit: (acquired: Lock.Acquired) => Effect.Effect<unknown>) =>
  Effect.acquireUseRelease(Lock.acquire(lock), visit, () => Effect.orDie(Lock.release(lock))).pipe(
    Effect.zipRight(Effect.sleep(2)),
    Effect.forever,
    Effect.replicateEffect(3, { concurrency: 3 }),
    Effect.forkScoped,
  )

const killed = (process: Process.Process<unknown, unknown>) =>
  Effect.zipRight(Process.kill(process), within(20)(Process.join(process)))

/**
 * Starts so many workers, and kills one of them again and again, after milliseconds at random; another takes its place, and
 * `recovered` waits until all goes on. In the end kills all, and returns how many died before.
 */
export const killAtRandom = <E, R, F>(
  count: number,
  started: Effect.Effect<Process.Process<unknown, unknown>, E, R>,
  [least, most]: readonly [least: number, most: number],
  recovered: Effect.Effect<void, F>,
) =>
  Effect.gen(function* () {
    const workers = yield* Effect.replicateEffect(started, count)
    const end = performance.now() + SECONDS * 1000
    let deaths = 0
    while (performance.now() < end || deaths <= SECONDS / 4) {
      yield* Effect.sleep(yield* Random.nextIntBetween(least, most))
      const index = yield* Random.nextIntBetween(0, count)
      yield* killed(workers[index] as (typeof workers)[number])
      deaths++
      workers[index] = yield* started
      yield* recovered
    }
    for (const worker of workers) yield* killed(worker)
    return deaths
  })
