/** Events between fibers of one agent, and between agents. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Event from "../src/Event.ts"
import * as EventSync from "../src/EventSync.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import { signalFibers } from "./fixtures/signalFibers.ts"
import { signals } from "./fixtures/signals.ts"
import { live, reached, within } from "./live.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), 20_000)

const shared = Effect.map(Event.make, (event) => ({ event, flags: Flags.make() }))

const timedOut = { _tag: "TimedOut" }

describe("Event, between fibers", () => {
  fibers("EVT-02 a wait for what does not come ends with its timeout", () =>
    Effect.gen(function* () {
      const event = yield* Event.make
      expect(yield* Effect.flip(Event.waitWithin(event, 0))).toMatchObject(timedOut)
      expect(EventSync.waitSync(event, 0)).toBe(false)
      for (const wait of [
        Effect.flip(Event.waitWithin(event, 100)),
        Effect.sync(() => EventSync.waitSync(event, 100)),
      ]) {
        const begin = performance.now()
        yield* wait
        expect(performance.now() - begin).toBeGreaterThanOrEqual(60)
      }
    }),
  )

  fibers("EVT-03 a wait for what is set passes at once, set and clear may be repeated", () =>
    Effect.gen(function* () {
      const event = yield* Event.make
      yield* Event.set(event)
      yield* Event.set(event)
      yield* Event.wait(event)
      yield* Event.waitWithin(event, 100)
      expect([EventSync.waitSync(event), EventSync.waitSync(event, -1), yield* Event.isSet(event)]).toEqual([
        true,
        true,
        true,
      ])
      yield* Event.clear(event)
      yield* Event.clear(event)
      expect(yield* Event.isSet(event)).toBe(false)
    }),
  )

  fibers("set and a clear at once wake all who waited, and nobody who comes later", () =>
    Effect.gen(function* () {
      const event = yield* Event.make
      for (let round = 0; round < 20; round++) {
        const waiting = yield* Effect.forEach(Array.from({ length: 10 }), () =>
          Effect.fork(Event.wait(event)),
        )
        yield* Effect.yieldNow()
        yield* Effect.zipRight(Event.set(event), Event.clear(event))
        const late = yield* Effect.fork(Event.waitWithin(event, 20))
        yield* within(5)(Fiber.joinAll(waiting))
        expect(yield* Effect.flip(Fiber.join(late))).toMatchObject(timedOut)
      }
    }),
  )

  fibers("an interrupted waiter is forgotten, and the others pass", () =>
    Effect.gen(function* () {
      const event = yield* Event.make
      const first = yield* Effect.fork(Event.wait(event))
      const second = yield* Effect.fork(Event.wait(event))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      yield* Event.set(structuredClone(event))
      yield* within(5)(Fiber.join(second))
    }),
  )

  fibers("EVT-09 its statistics, printed, say whether it is set", () =>
    Effect.gen(function* () {
      const event = yield* Event.make
      const printed = Effect.map(Event.statistics(event), (statistics) => JSON.stringify(statistics))
      expect(yield* printed).toContain('"isSet":false')
      yield* Event.set(event)
      expect(yield* printed).toContain('"isSet":true')
      yield* Event.clear(event)
      expect(yield* printed).toContain('"isSet":false')
    }),
  )
})

describe("Event, between agents", () => {
  live("EVT-04 a wait passes when another agent sets it", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Event.set(it.event)
      yield* Event.clear(it.event)
      const child = yield* Process.make(signals.setLater, [it, 100])
      yield* Process.start(child)
      yield* within(10)(Event.wait(it.event))
      expect(yield* Event.isSet(it.event)).toBe(true)
    }),
  )

  live("STRESS-07 a hundred tasks that wait for one event are all done after it", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 4 })
      const event = yield* Event.make
      const flags = Flags.make()
      const results = yield* Effect.replicateEffect(
        Pool.applyAsync(pool, signalFibers.waitAll, [{ event, flags }, 25]),
        4,
      )
      yield* reached(flags, 0, 100)
      const all = yield* Effect.fork(Effect.forEach(results, AsyncResult.wait, { concurrency: "unbounded" }))
      expect(Flags.get(flags, 1)).toBe(0)
      yield* Event.set(event)
      yield* within(15)(Fiber.join(all))
      expect(Flags.get(flags, 1)).toBe(100)
      expect(yield* Effect.forEach(results, AsyncResult.successful)).toEqual([true, true, true, true])
    }),
  )

  live("EVT-06 nobody passes before the set, everybody after it", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Event.set(it.event)
      yield* Event.clear(it.event)
      const pool = yield* Pool.make({ size: 5 })
      const waiting = yield* Effect.replicateEffect(Pool.applyAsync(pool, signals.wait, [it, 2]), 5)
      yield* reached(it.flags, 0, 5)
      yield* Effect.sleep(50)
      expect(Flags.get(it.flags, 1)).toBe(0)
      yield* Event.set(it.event)
      yield* within(10)(Effect.forEach(waiting, AsyncResult.get))
      expect(Flags.get(it.flags, 1)).toBe(10)
    }),
  )

  live("EVT-07 the timeouts of several agents", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const pool = yield* Pool.make({ size: 5 })
      const waits = Effect.gen(function* () {
        const waiting = yield* Effect.replicateEffect(Pool.applyAsync(pool, signals.waitTwice, [it, 500]), 5)
        return yield* within(15)(Effect.forEach(waiting, AsyncResult.get))
      })
      for (const [atOnce, later, elapsed] of yield* waits) {
        expect([atOnce, later]).toEqual([false, false])
        expect(elapsed).toBeGreaterThanOrEqual(300)
      }
      yield* Event.set(it.event)
      for (const [atOnce, later, elapsed] of yield* waits) {
        expect([atOnce, later]).toEqual([true, true])
        expect(elapsed).toBeLessThan(300)
      }
    }),
  )

  live("EVT-10 what a child does to it, its parent sees", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Event.set(it.event)
      const child = yield* Process.make(signals.consume, [it])
      yield* Process.start(child)
      expect(yield* yield* within(10)(Process.result(child))).toEqual([true, true, false])
      expect(yield* Event.isSet(it.event)).toBe(false)
    }),
  )

  live("an agent that is killed while it waits stops nobody", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const children = yield* Effect.replicateEffect(Process.make(signals.wait, [it, 1]), 2)
      for (const child of children) yield* Process.start(child)
      yield* reached(it.flags, 0, 2)
      yield* Effect.sleep(50)
      const [killed, other] = children as [(typeof children)[0], (typeof children)[0]]
      yield* Process.kill(killed)
      yield* within(10)(Process.join(killed))
      // On Deno its thread runs on until it looks for the next time.
      yield* Effect.sleep(200)
      yield* Event.set(it.event)
      yield* within(10)(Effect.flatten(Process.result(other)))
      expect(Flags.get(it.flags, 1)).toBe(1)
    }),
  )
})
