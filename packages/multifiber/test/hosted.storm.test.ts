/**
 * OS processes that hammer primitives of their starter are killed at random, while fibers here use the lock as well.
 * MULTIFIBER_STORM_SECONDS says how long; a few seconds where it does not.
 */
import { expect } from "@effect/vitest"
import { eventuallyIs } from "@multifiber/testkit/laws/law"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as SharedArray from "../src/Array.ts"
import * as Barrier from "../src/Barrier.ts"
import * as BoundedSemaphore from "../src/BoundedSemaphore.ts"
import * as Condition from "../src/Condition.ts"
import * as Lock from "../src/Lock.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import {
  ABANDONED,
  COUNTS,
  GOT,
  type HostedStorm,
  hammerHosted,
  INSIDE,
  MET,
  NOTIFIED,
  PARTIES,
  PASSED,
  PLACED,
  PLACES,
  visit,
  WRONG,
} from "./fixtures/hostedStorm.ts"
import { within } from "./live.ts"
import { onEach } from "./startMethods.ts"
import { killAtRandom, SECONDS, visitors } from "./storms.ts"

const WORKERS = 3

const started = (storm: HostedStorm) =>
  within(20)(Effect.tap(Process.make(hammerHosted, [storm], { daemon: true, logging: false }), Process.start))

onEach(
  "no death of an OS process stops what it uses through its starter, or lets two in",
  () =>
    Effect.gen(function* () {
      const storm: HostedStorm = {
        lock: yield* Lock.make,
        places: yield* BoundedSemaphore.make(PLACES),
        condition: yield* Condition.make,
        barrier: yield* Barrier.make(PARTIES),
        queue: yield* Queue.make<number>(),
        counts: yield* SharedArray.raw("i32", COUNTS),
      }
      const { barrier, condition, counts, lock, places, queue } = storm
      const seen = SharedArray.view(counts)
      const fibers = yield* visitors(lock, (acquired) => Effect.orDie(visit(storm, acquired)))
      /** Waits until each of these has happened so often again. */
      const again = (places: ReadonlyArray<number>, times: number) =>
        Effect.suspend(() => {
          const before = [...seen]
          const isDone = () =>
            places.every((place) => (seen[place] as number) - (before[place] as number) >= times)
          return within(20)(Effect.repeat(Effect.delay(Effect.sync(isDone), 2), { until: (is) => is }))
        })
      const deaths = yield* killAtRandom(
        WORKERS,
        started(storm),
        [1, 50],
        again([PASSED, PLACED, NOTIFIED, MET, GOT], 5),
      )
      yield* Fiber.interrupt(fibers)
      yield* within(10)(Lock.acquire(lock))
      yield* within(10)(Effect.zipRight(Condition.acquire(condition), Condition.release(condition)))
      yield* within(10)(BoundedSemaphore.withPermits(Effect.void, places, PLACES))
      expect(seen[WRONG]).toBe(0)
      expect(seen[INSIDE]).toBeLessThanOrEqual(1)
      expect(yield* Lock.statistics(lock)).toMatchObject({ waitingAgents: 0, waitingFibers: 0 })
      expect(yield* BoundedSemaphore.statistics(places)).toMatchObject({ permits: PLACES, waitingAgents: 0 })
      // A wait of the dead is given up under the lock, in its turn.
      const waiting = Effect.map(Condition.statistics(condition), (seen) => seen.waiting)
      yield* eventuallyIs("waiting for the condition", waiting, 0)
      yield* Barrier.reset(barrier)
      expect(yield* Barrier.waiting(barrier)).toBe(0)
      // What was put stays; each death takes what it had got along, at most.
      expect(yield* Queue.size(queue)).toBeLessThanOrEqual(deaths + WORKERS)
      console.log(
        `storm: ${deaths} deaths, ${seen[PASSED]} passed, ${seen[ABANDONED]} abandoned, ${seen[PLACED]} placed, ` +
          `${seen[NOTIFIED]} notified, ${seen[MET]} met, ${seen[GOT]} got`,
      )
    }),
  SECONDS + 120,
  ["spawn"],
)
