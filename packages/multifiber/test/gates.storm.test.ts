/**
 * Agents that hammer a lock, two semaphores, a condition and a barrier are killed at random, while fibers use the lock as well.
 * MULTIFIBER_STORM_SECONDS says how long; a few seconds where it does not.
 */
import { expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Barrier from "../src/Barrier.ts"
import * as BoundedSemaphore from "../src/BoundedSemaphore.ts"
import * as Condition from "../src/Condition.ts"
import * as Lock from "../src/Lock.ts"
import * as Process from "../src/Process.ts"
import * as Semaphore from "../src/Semaphore.ts"
import {
  ABANDONED,
  hammer,
  INSIDE,
  MET,
  PARTIES,
  PASSED,
  PLACED,
  PLACES,
  PUT,
  SEATED,
  type Storm,
  TOKENS,
  TOOK,
  visit,
  WORDS,
  WRONG,
} from "./fixtures/gateStorm.ts"
import { live, reached, within } from "./live.ts"
import { killAtRandom, SECONDS, visitors } from "./storms.ts"

const WORKERS = 4
const SEATS = 1000

const started = (storm: Storm) =>
  Effect.tap(Process.make(hammer, [storm], { daemon: true, logging: false }), Process.start)

/** Waits until each of these has happened so often again. */
const again = (flags: Flags.Flags, times: ReadonlyArray<readonly [flag: number, times: number]>) =>
  Effect.forEach(times, ([flag, times]) => reached(flags, flag, Flags.get(flags, flag) + times), {
    concurrency: "unbounded",
    discard: true,
  })

live(
  "no death of an agent stops a lock, semaphores, a condition or a barrier, or lets two in",
  () =>
    Effect.gen(function* () {
      const storm: Storm = {
        lock: yield* Lock.make,
        seats: yield* Semaphore.make(SEATS),
        places: yield* BoundedSemaphore.make(PLACES),
        condition: yield* Condition.make,
        barrier: yield* Barrier.make(PARTIES),
        flags: Flags.make(WORDS),
      }
      const { condition, flags, lock, places, seats } = storm
      const fibers = yield* visitors(lock, (acquired) => Effect.sync(() => visit(flags, acquired)))
      const indexes = Array.from({ length: PARTIES }, (_, index) => MET + index)
      const wants = Array.from({ length: PLACES }, (_, others) => PLACED + others)
      const deaths = yield* killAtRandom(
        WORKERS,
        started(storm),
        [10, 120],
        within(10)(
          Effect.suspend(() =>
            again(flags, [
              [PASSED, 100],
              [SEATED, 100],
              [PUT, 10],
              [TOOK, 10],
              ...indexes.map((index) => [index, 2] as const),
              ...wants.map((want) => [want, 10] as const),
            ]),
          ),
        ),
      )
      yield* Fiber.interrupt(fibers)
      yield* within(10)(Lock.acquire(lock))
      yield* within(10)(Effect.zipRight(Condition.acquire(condition), Condition.release(condition)))
      expect({ wrong: Flags.get(flags, WRONG), inside: Flags.get(flags, INSIDE) <= 1 }).toEqual({
        wrong: 0,
        inside: true,
      })
      yield* within(10)(BoundedSemaphore.withPermits(Effect.void, places, PLACES))
      const left = yield* Semaphore.permits(seats)
      expect(left).toBeGreaterThanOrEqual(SEATS - deaths - WORKERS)
      expect(left).toBeLessThanOrEqual(SEATS)
      // Each death costs a token, or a count of one, at most.
      const tokens = Flags.get(flags, PUT) - Flags.get(flags, TOOK)
      expect(Math.abs(tokens - Flags.get(flags, TOKENS))).toBeLessThanOrEqual(deaths + WORKERS)
      const [first, last] = indexes.map((index) => Flags.get(flags, index)) as [number, number]
      expect(Math.abs(first - last)).toBeLessThanOrEqual(deaths + WORKERS)
      expect(deaths).toBeGreaterThan(SECONDS / 4)
      console.log(
        `storm: ${deaths} deaths, ${Flags.get(flags, PASSED)} passed, ${Flags.get(flags, ABANDONED)} abandoned, ` +
          `${Flags.get(flags, SEATED)} seated, ${wants.map((want) => Flags.get(flags, want)).join(" + ")} placed, ${SEATS - left} permits lost, ${Flags.get(flags, TOOK)} taken, ${first} met`,
      )
    }),
  SECONDS + 120,
)
