/** Waiting for connections, queues and the ends of processes together. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Connection from "../src/Connection.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import * as Waitable from "../src/Waitable.ts"
import { queues } from "./fixtures/queues.ts"
import { within } from "./live.ts"
import { ended, onEach, onThreads, run, tasksOn } from "./startMethods.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown, Scope.Scope>) =>
  it.scopedLive(name, () => within(20)(body()), 25_000)

const elapsed = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const begin = performance.now()
    return Effect.map(self, (value) => [value, performance.now() - begin] as const)
  })

const pipe = (options?: { readonly duplex?: boolean }) => Pipe.make<any, any>(options)

describe("Waitable, in one agent", () => {
  fibers("WAIT-05 of both ends of a pipe only the one that has something is ready", () =>
    Effect.gen(function* () {
      const [a, b] = yield* pipe()
      yield* Connection.send(b, null)
      const [ready, took] = yield* elapsed(Waitable.waitWithin([a, b], "20 seconds"))
      expect(ready).toEqual([a])
      expect(ready[0]).toBe(a)
      expect(took).toBeLessThan(1000)
      expect(yield* Connection.recv(a)).toBeNull()
    }),
  )

  fibers("WAIT-08 a timeout of nothing, or of less, asks once", () =>
    Effect.gen(function* () {
      const [a] = yield* pipe()
      for (const timeout of [-1, 0]) {
        const [ready, took] = yield* elapsed(Waitable.waitWithin([a], timeout))
        expect(ready).toEqual([])
        expect(took).toBeLessThan(1000)
        expect(yield* Waitable.waitWithin([], timeout)).toEqual([])
      }
      const [ready, took] = yield* elapsed(Waitable.waitWithin([a], 100))
      expect(ready).toEqual([])
      expect(took).toBeGreaterThanOrEqual(60)
      // Without a source it takes as long, too.
      expect((yield* elapsed(Waitable.waitWithin([], 100)))[1]).toBeGreaterThanOrEqual(60)
    }),
  )

  fibers("WAIT-09 the ready ones are listed in the order given, each once", () =>
    Effect.gen(function* () {
      const [one, first] = yield* pipe()
      const [two] = yield* pipe()
      const [three, third] = yield* pipe()
      yield* Connection.send(first, 1)
      yield* Connection.send(third, 3)
      const queue = yield* Queue.make<number>()
      yield* Queue.put(queue, 1)
      expect(yield* Waitable.waitWithin([one, two, three, queue], 0)).toEqual([one, three, queue])
      expect(yield* Waitable.wait([queue, three, two, one])).toEqual([queue, three, one])
      expect(yield* Waitable.wait([three, three, one, three])).toEqual([three, one])
    }),
  )

  fibers("WAIT-11 one that is closed here is refused, one whose other end is closed is ready", () =>
    Effect.gen(function* () {
      const [closed] = yield* pipe()
      yield* Connection.close(closed)
      const [ended, other] = yield* pipe()
      yield* Connection.close(other)
      const queue = yield* Queue.make()
      yield* Queue.close(queue)
      for (const source of [closed, queue]) {
        expect(yield* Effect.flip(Waitable.waitWithin([source], 0))).toMatchObject({ _tag: "Closed" })
        expect(yield* Effect.flip(Waitable.wait([ended, source]))).toMatchObject({ _tag: "Closed" })
        expect(yield* Effect.flip(Waitable.isReady(source))).toMatchObject({ _tag: "Closed" })
      }
      expect(yield* Waitable.waitWithin([ended], 0)).toEqual([ended])
      expect(yield* Waitable.wait([ended])).toEqual([ended])
      const [, writer] = yield* pipe({ duplex: false })
      expect(yield* Effect.flip(Waitable.waitWithin([writer], 0))).toMatchObject({ _tag: "WrongDirection" })
      const down = yield* Queue.make()
      yield* Queue.shutdown(down)
      expect(yield* Waitable.wait([down])).toEqual([down])
    }),
  )

  fibers("who waits wakes when something comes, when it ends, and when this agent closes it", () =>
    Effect.gen(function* () {
      const waits = <S extends Waitable.Source>(source: S) =>
        Effect.fork(Effect.either(Waitable.wait([source])))
      for (const ticks of [0, 1, 2, 10]) {
        const ticked = Effect.gen(function* () {
          for (let i = 0; i < ticks; i++) yield* i < 5 ? Effect.yieldNow() : Effect.sleep(2)
        })
        const [a, b] = yield* pipe()
        const queue = yield* Queue.make<number>()
        const [message, value] = [yield* waits(a), yield* waits(queue)]
        yield* ticked
        yield* Connection.send(b, 1)
        yield* Queue.put(queue, 1)
        expect(yield* within(5)(Fiber.join(message))).toMatchObject({ _tag: "Right", right: [a] })
        expect(yield* within(5)(Fiber.join(value))).toMatchObject({ _tag: "Right", right: [queue] })
        yield* Connection.recv(a)
        yield* Queue.get(queue)
        const [end, down] = [yield* waits(a), yield* waits(queue)]
        yield* ticked
        yield* Connection.close(b)
        yield* Queue.shutdown(queue)
        expect(yield* within(5)(Fiber.join(end))).toMatchObject({ _tag: "Right" })
        expect(yield* within(5)(Fiber.join(down))).toMatchObject({ _tag: "Right" })
        const [c] = yield* pipe()
        const open = yield* Queue.make<number>()
        const closing: ReadonlyArray<Fiber.Fiber<unknown>> = [yield* waits(c), yield* waits(open)]
        yield* ticked
        yield* Connection.close(c)
        yield* Queue.close(open)
        for (const fiber of closing) {
          expect(yield* within(5)(Fiber.join(fiber))).toMatchObject({
            _tag: "Left",
            left: { _tag: "Closed" },
          })
        }
      }
    }),
  )

  fibers("who waits takes nothing, and keeps nobody from taking it", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<number>()
      const waiting = yield* Effect.replicateEffect(Effect.fork(Waitable.wait([queue])), 3)
      const getting = yield* Effect.fork(Queue.get(queue))
      const more = yield* Effect.fork(Waitable.wait([queue]))
      yield* Effect.sleep(10)
      yield* Queue.put(queue, 7)
      expect(yield* within(5)(Fiber.join(getting))).toBe(7)
      // Some of them may have seen it.
      yield* Queue.put(queue, 8)
      yield* within(5)(Fiber.joinAll([...waiting, more]))
      expect(yield* Queue.size(queue)).toBe(1)
      expect(yield* Queue.statistics(queue)).toMatchObject({ waitingReaders: 0 })
    }),
  )

  fibers("who sees something in time says so, though another takes it then", () =>
    Effect.gen(function* () {
      let looks = 0
      const source = Waitable.make(
        () => ++looks === 1,
        () => Effect.never,
      )
      expect(yield* Waitable.waitWithin([source], "1 minute")).toEqual([source])
      expect(yield* Waitable.waitWithin([source], 5)).toEqual([])
    }),
  )

  fibers("who is interrupted, or late, is forgotten", () =>
    Effect.gen(function* () {
      const [a] = yield* pipe()
      const queue = yield* Queue.make<number>()
      const waiting = yield* Effect.replicateEffect(Effect.fork(Waitable.wait([a, queue])), 3)
      yield* Effect.sleep(10)
      expect(yield* Queue.statistics(queue)).toMatchObject({ waitingReaders: 3 })
      yield* Fiber.interruptAll(waiting)
      yield* Waitable.waitWithin([queue, a], 20)
      expect(yield* Queue.statistics(queue)).toMatchObject({ waitingReaders: 0 })
    }),
  )
})

describe("Waitable, between agents", () => {
  onEach("WAIT-01 from four children comes each message once", (startMethod) =>
    Effect.gen(function* () {
      const children: Array<Process.Process<unknown, unknown>> = []
      let open: Array<Connection.Connection<any, any>> = []
      for (let child = 0; child < 4; child++) {
        const [reader, writer] = yield* pipe({ duplex: false })
        children.push(yield* run(tasksOn(startMethod).sendNumbered, [writer, child, 10]))
        yield* Connection.close(writer)
        open.push(reader)
      }
      const got: Array<string> = []
      while (open.length > 0) {
        for (const reader of yield* within(15)(Waitable.wait(open))) {
          const message = yield* Effect.either(Connection.recv(reader))
          if (message._tag === "Right") got.push(String(message.right))
          else {
            expect(message.left).toMatchObject({ _tag: "Eof" })
            open = open.filter((each) => each !== reader)
          }
        }
      }
      const all = Array.from({ length: 40 }, (_, n) => `${Math.floor(n / 10)},${n % 10}`)
      expect(got.sort()).toEqual(all.sort())
      for (const child of children) expect(yield* ended(child)).toBe(0)
    }),
  )

  onEach("WAIT-06 the end of a process is waited for beside connections", (startMethod) =>
    Effect.gen(function* () {
      const [a, b] = yield* pipe()
      const child = yield* run(tasksOn(startMethod).sleep, [3000])
      const end = yield* Process.sentinel(child)
      const [[ready, took], [, joined]] = yield* Effect.all(
        [elapsed(Waitable.waitWithin([a, end, b], "23 seconds")), elapsed(Process.join(child))],
        { concurrency: "unbounded" },
      )
      expect(ready).toEqual([end])
      expect(took).toBeGreaterThanOrEqual(1000)
      expect(Math.abs(took - joined)).toBeLessThan(1000)
      // It stays ready.
      yield* Connection.send(b, 1)
      expect(yield* Waitable.wait([a, end, b])).toEqual([a, end])
      expect(yield* Waitable.wait([end])).toEqual([end])
    }),
  )

  onThreads("several agents wait for one queue while others put and get", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<readonly [number, number]>({ capacity: 2 })
      const drains = yield* Effect.replicateEffect(run(queues.drain, [queue]), 2)
      const producers = yield* Effect.forEach([0, 1], (n) => run(queues.putNumbered, [queue, n, 1000]))
      let mine = 0
      const loop = Effect.gen(function* () {
        for (;;) {
          yield* Waitable.wait([queue])
          const got = yield* Effect.either(Queue.tryGet(queue))
          if (got._tag === "Left") return
          if (got.right._tag === "Some") mine++
        }
      })
      const looping = yield* Effect.fork(loop)
      for (const producer of producers) yield* ended(producer)
      yield* Queue.shutdown(queue)
      yield* within(10)(Fiber.join(looping))
      let theirs = 0
      for (const drain of drains)
        theirs += (yield* Effect.flatten(within(10)(Process.result(drain)))).got.length
      expect(mine + theirs).toBe(2000)
    }),
  )
})
