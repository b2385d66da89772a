/**
 * Agents that hammer a lock and a semaphore are killed at random, while fibers use the lock as well.
 * MULTIFIBER_STORM_SECONDS says how long; a few seconds where it does not.
 */
import process from "node:process"
import { expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Lock from "../src/Lock.ts"
import * as Process from "../src/Process.ts"
import * as Semaphore from "../src/Semaphore.ts"
import { ABANDONED, hammer, INSIDE, PASSED, SEATED, type Storm, visit, WRONG } from "./fixtures/gateStorm.ts"
import { live, reached, within } from "./live.ts"

const SECONDS = Number(process.env.MULTIFIBER_STORM_SECONDS ?? 4)
const WORKERS = 4
const SEATS = 1000

const started = (storm: Storm) =>
  Effect.tap(Process.make(hammer, [storm], { daemon: true, logging: false }), Process.start)

live(
  "no death of an agent stops a lock or a semaphore, or lets two into the lock",
  () =>
    Effect.gen(function* () {
      const storm: Storm = {
        lock: yield* Lock.make,
        seats: yield* Semaphore.make(SEATS),
        flags: Flags.make(),
      }
      const { flags, lock, seats } = storm
      const visits = Effect.flatMap(Lock.acquire(lock), (acquired) =>
        Effect.zipRight(
          Effect.sync(() => visit(flags, acquired)),
          Lock.release(lock),
        ),
      )
      const fibers = yield* Effect.forkScoped(
        Effect.forever(Effect.zipRight(visits, Effect.sleep(2))).pipe(
          Effect.replicateEffect(3, { concurrency: 3 }),
        ),
      )
      const workers = yield* Effect.replicateEffect(started(storm), WORKERS)
      const end = performance.now() + SECONDS * 1000
      let deaths = 0
      while (performance.now() < end) {
        yield* Effect.sleep(yield* Random.nextIntBetween(10, 120))
        const index = yield* Random.nextIntBetween(0, WORKERS)
        const victim = workers[index] as (typeof workers)[number]
        yield* Process.kill(victim)
        yield* within(20)(Process.join(victim))
        deaths++
        workers[index] = yield* started(storm)
        yield* within(10)(reached(flags, PASSED, Flags.get(flags, PASSED) + 100))
      }
      for (const worker of workers) yield* Process.kill(worker)
      for (const worker of workers) yield* within(20)(Process.join(worker))
      yield* Fiber.interrupt(fibers)
      yield* within(10)(Lock.acquire(lock))
      expect({ wrong: Flags.get(flags, WRONG), inside: Flags.get(flags, INSIDE) <= 1 }).toEqual({
        wrong: 0,
        inside: true,
      })
      const left = yield* Semaphore.permits(seats)
      expect(left).toBeGreaterThanOrEqual(SEATS - deaths - WORKERS)
      expect(left).toBeLessThanOrEqual(SEATS)
      expect(deaths).toBeGreaterThan(SECONDS)
      console.log(
        `storm: ${deaths} deaths, ${Flags.get(flags, PASSED)} passed, ${Flags.get(flags, ABANDONED)} abandoned, ` +
          `${Flags.get(flags, SEATED)} seated, ${SEATS - left} permits lost`,
      )
    }),
  SECONDS + 120,
)
