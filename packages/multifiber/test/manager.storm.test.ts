/**
 * Agents that use what a manager has are killed at random, while fibers here use it as well; and so are agents of a program that is
 * connected to it. MULTIFIBER_STORM_SECONDS says how long; a few seconds where it does not.
 */
import { expect } from "@effect/vitest"
import { collectApart } from "@multifiber/testkit/garbage"
import { eventuallyIs } from "@multifiber/testkit/laws/law"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as BaseProxy from "../src/BaseProxy.ts"
import * as DictProxy from "../src/DictProxy.ts"
import * as ListProxy from "../src/ListProxy.ts"
import * as Lock from "../src/Lock.ts"
import * as Manager from "../src/Manager.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import {
  type Counts,
  countDown,
  countUp,
  hammerManager,
  type ManagerStorm,
  visit,
} from "./fixtures/managerStorm.ts"
import { shop } from "./fixtures/serving.ts"
import { within } from "./live.ts"
import { onEach } from "./startMethods.ts"
import { killAtRandom, SECONDS } from "./storms.ts"

const WORKERS = 3

const started = (storm: ManagerStorm) =>
  within(20)(
    Effect.tap(Process.make(hammerManager, [storm], { daemon: true, logging: false }), Process.start),
  )

/** Waits until each of these has happened so often again. */
const again = (counts: Counts, keys: ReadonlyArray<string>, times: number) =>
  Effect.gen(function* () {
    const before = yield* DictProxy.copy(counts)
    const isDone = Effect.map(DictProxy.copy(counts), (now) =>
      keys.every((key) => (now.get(key) ?? 0) - (before.get(key) ?? 0) >= times),
    )
    yield* within(20)(Effect.repeat(Effect.delay(isDone, 2), { until: (is) => is }))
  })

/** What nobody has any more goes once it is collected: here, and where agents have died. */
const objectsOf = (manager: Manager.Manager) =>
  Effect.zipRight(
    Effect.promise(collectApart),
    Effect.delay(
      Effect.map(Manager.statistics(manager), ({ objects }) => objects),
      20,
    ),
  )

for (const way of ["as its starter", "over a connection"] as const) {
  onEach(
    `no death of an agent stops a manager, or lets two in, or leaves anything behind, ${way}`,
    () =>
      Effect.gen(function* () {
        const own = yield* within(20)(
          Manager.make({ register: [countUp, countDown, ...Object.values(shop)] }),
        )
        const server = yield* Manager.serve(own)
        const manager = way === "as its starter" ? own : yield* within(10)(Manager.connect(server.address))
        const storm: ManagerStorm = {
          manager,
          lock: yield* Manager.lock(manager),
          queue: yield* Manager.queue<number>(manager),
          nothing: yield* Manager.queue<number>(manager),
          counts: yield* Manager.dict<string, number>(manager),
          desk: yield* Manager.create(manager, shop.desk, []),
          spare: yield* Manager.list<unknown>(manager),
        }
        const { counts, desk, lock, nothing, queue, spare } = storm
        const before = yield* objectsOf(own)
        // One that is interrupted between the lock and the visit would take the news along that a holder has died.
        const visitor = Effect.uninterruptible(
          Effect.flatMap(Lock.acquire(lock), (acquired) =>
            Effect.zipRight(visit(storm, acquired), Lock.release(lock)),
          ),
        )
        const fibers = yield* Effect.orDie(visitor).pipe(
          Effect.zipRight(Effect.sleep(2)),
          Effect.forever,
          Effect.replicateEffect(3, { concurrency: 3 }),
          Effect.forkScoped,
        )
        const deaths = yield* killAtRandom(
          WORKERS,
          started(storm),
          [1, 50],
          again(counts, ["passed", "got", "made"], 5),
        )
        yield* within(10)(Fiber.interrupt(fibers))
        // On Deno a thread is gone a while after its end, and may take the lock once more until then: it passes on to who comes next.
        const waitingAgents = Effect.map(Lock.statistics(lock), (seen) => seen.waitingAgents)
        yield* eventuallyIs("agents that wait for the lock", waitingAgents, 0)
        const isHeld = Effect.zipRight(within(10)(visitor), Lock.isLocked(lock))
        yield* eventuallyIs("whether the lock is held after a visit", isHeld, false)
        const seen = yield* DictProxy.copy(counts)
        expect(["two inside", "a list of others", "inside"].map((key) => seen.get(key))).toEqual([
          undefined,
          undefined,
          0,
        ])
        // What was put stays; each death takes what it had got along, at most.
        expect(yield* Queue.size(queue)).toBeLessThanOrEqual(deaths + WORKERS)
        const waiting = Effect.map(BaseProxy.call(desk, "seen"), ([waiting]) => waiting)
        yield* eventuallyIs("calls of the dead", waiting, 0)
        const readers = Effect.map(Queue.statistics(nothing), ({ waitingReaders }) => waitingReaders)
        yield* eventuallyIs("gets of the dead", readers, 0)
        yield* Queue.put(nothing, 7)
        expect(yield* within(10)(Queue.get(nothing))).toBe(7)
        yield* ListProxy.clear(spare as ListProxy.ListProxy<unknown>)
        yield* eventuallyIs("objects", objectsOf(own), before)
        expect(yield* server.connections).toBe(way === "as its starter" ? 0 : 1)
        console.log(
          `storm: ${deaths} deaths, ${seen.get("passed")} passed, ${seen.get("abandoned") ?? 0} abandoned, ` +
            `${seen.get("got")} got, ${seen.get("made")} made`,
        )
      }),
    SECONDS + 120,
  )
}
