/** Managers, their containers, and objects of the user's, for threads and OS processes. */
import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { pipe } from "effect/Function"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as BaseProxy from "../src/BaseProxy.ts"
import * as BoundedSemaphore from "../src/BoundedSemaphore.ts"
import * as Condition from "../src/Condition.ts"
import * as DictProxy from "../src/DictProxy.ts"
import * as ListProxy from "../src/ListProxy.ts"
import * as Lock from "../src/Lock.ts"
import * as Manager from "../src/Manager.ts"
import * as NamespaceProxy from "../src/NamespaceProxy.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import * as Semaphore from "../src/Semaphore.ts"
import * as SetProxy from "../src/SetProxy.ts"
import { managed, OutOfStock, using } from "./fixtures/managing.ts"
import { defectOf, within } from "./live.ts"
import { shareManagers } from "./managers.ts"
import { ended, onEach, resultOf, run } from "./startMethods.ts"

const options = { register: Object.values(managed) }

/** One of its own. */
const make = Manager.make(options)

/** What an effect logs, and the daemons that it leaves. */
const logging = () => {
  const logged: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void logged.push(`${logLevel.label} ${message}`))
  return { logged, collect: Effect.provide(Logger.replace(Logger.defaultLogger, logger)) }
}

/** One that is not ended. */
const shared = shareManagers(options)

describe("Manager", () => {
  onEach("MGR-01 lists do what local ones do", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const numbers = yield* Manager.list(manager, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      const list = yield* Manager.list<number>(manager)
      yield* ListProxy.extend(list, [0, 1, 2, 3, 4])
      expect(yield* ListProxy.get(list, 2)).toBe(2)
      expect(yield* ListProxy.get(list, -1)).toBe(4)
      expect(yield* ListProxy.slice(list, 2, 10)).toEqual([2, 3, 4])
      yield* ListProxy.repeatInPlace(list, 2)
      expect(yield* ListProxy.copy(list)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
      expect(yield* ListProxy.concat(list, [5, 6])).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6])
      expect(yield* ListProxy.copy(numbers)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      yield* ListProxy.setSlice(list, 1, 8, [7, 7])
      expect(yield* ListProxy.copy(list)).toEqual([0, 7, 7, 3, 4])
      yield* ListProxy.removeSlice(list, 1, 3)
      yield* ListProxy.insert(list, 1, 9)
      yield* ListProxy.removeAt(list, -1)
      yield* ListProxy.set(list, 0, 1)
      yield* ListProxy.append(list, 9)
      expect(yield* ListProxy.copy(list)).toEqual([1, 9, 3, 9])
      yield* ListProxy.remove(list, 9)
      expect(yield* ListProxy.repeat(list, 2)).toEqual([1, 3, 9, 1, 3, 9])
      expect(yield* ListProxy.includes(list, 9)).toBe(true)
      expect(yield* ListProxy.pop(list)).toBe(9)
      yield* ListProxy.clear(list)
      expect(yield* ListProxy.size(list)).toBe(0)
      expect(yield* Effect.flip(ListProxy.get(list, 0))).toMatchObject({
        _tag: "OutOfRange",
        index: 0,
        length: 0,
      })
      expect(yield* Effect.flip(ListProxy.pop(list))).toMatchObject({ _tag: "OutOfRange" })
      expect(yield* Effect.flip(ListProxy.remove(list, 4))).toMatchObject({ _tag: "NotFound", id: "4" })
    }),
  )

  onEach("MGR-03 a list is gone through by index, and changes are seen", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const list = yield* Manager.list(manager, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      const all = Effect.map(Stream.runCollect(ListProxy.stream(list)), Chunk.toReadonlyArray)
      expect(yield* all).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      yield* ListProxy.set(list, 0, 100)
      expect((yield* all)[0]).toBe(100)
    }),
  )

  onEach("MGR-05 a list may be in itself", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const list = yield* Manager.list<unknown>(manager)
      yield* ListProxy.append(list, list)
      expect(yield* ListProxy.size(list)).toBe(1)
      const inner = (yield* ListProxy.get(list, 0)) as ListProxy.ListProxy<unknown>
      expect(yield* ListProxy.size(inner)).toBe(1)
      yield* BaseProxy.release(list)
      expect(yield* Effect.flip(ListProxy.size(list))).toMatchObject({ _tag: "Closed" })
    }),
  )

  onEach("MGR-07 a dict is gone through in its order, and only while it has its size", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const entries = [65, 66, 67, 68, 69].map((code) => [code, String.fromCharCode(code)] as const)
      const dict = yield* Manager.dict(manager, entries)
      const keys = Effect.map(Stream.runCollect(DictProxy.stream(dict)), Chunk.toReadonlyArray)
      expect(yield* keys).toEqual([65, 66, 67, 68, 69])
      yield* DictProxy.update(
        dict,
        Array.from({ length: 1000 }, (_, i) => [1000 + i, "x"] as const),
      )
      const cleared = Stream.mapEffect(DictProxy.stream(dict), (key) =>
        key === 65 ? Effect.as(DictProxy.clear(dict), key) : Effect.succeed(key),
      )
      expect(yield* Effect.flip(Stream.runDrain(cleared))).toMatchObject({
        _tag: "ConcurrentModification",
        what: "dict",
      })
    }),
  )

  onEach("MGR-08 dicts in dicts are the same dicts", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const pets = yield* Manager.dict<string, number>(manager)
      const supplies = yield* Manager.dict<string, number>(manager)
      const dict = yield* Manager.dict<string, DictProxy.DictProxy<string, number>>(manager, [
        ["pets", pets],
        ["supplies", supplies],
      ])
      const through = Option.getOrThrow(yield* DictProxy.get(dict, "supplies"))
      yield* DictProxy.set(through, "water", 10)
      expect(yield* DictProxy.get(supplies, "water")).toEqual(Option.some(10))
      yield* DictProxy.set(pets, "dog", 1)
      const others = Option.getOrThrow(yield* DictProxy.get(dict, "pets"))
      expect(yield* DictProxy.get(others, "dog")).toEqual(Option.some(1))
      // What is in a container stays, though nobody else has it.
      yield* BaseProxy.release(pets)
      const again = Option.getOrThrow(yield* DictProxy.get(dict, "pets"))
      expect(yield* DictProxy.get(again, "dog")).toEqual(Option.some(1))
    }),
  )

  onEach("MGR-10 plain values in a list are plain, proxies are proxies", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const supplies = yield* Manager.dict(manager, [["feed", 3]])
      const inner = yield* Manager.list(manager, [supplies])
      const outer = yield* Manager.list<unknown>(manager, [[88, 99], inner])
      expect(yield* ListProxy.get(outer, 0)).toEqual([88, 99])
      const last = (yield* ListProxy.get(outer, -1)) as typeof inner
      expect(yield* DictProxy.get(yield* ListProxy.get(last, -1), "feed")).toEqual(Option.some(3))
    }),
  )

  onEach("MGR-11 queues in a list and in a dict", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const list = yield* Manager.list(manager, [yield* Manager.queue<number>(manager)])
      const dict = yield* Manager.dict(manager, [["queue", yield* Manager.queue<number>(manager)]])
      yield* Queue.put(yield* ListProxy.get(list, 0), 123)
      yield* Queue.put(Option.getOrThrow(yield* DictProxy.get(dict, "queue")), 456)
      expect(yield* Queue.get(yield* ListProxy.get(list, 0))).toBe(123)
      expect(yield* Queue.get(Option.getOrThrow(yield* DictProxy.get(dict, "queue")))).toBe(456)
    }),
  )

  onEach("MGR-12 a namespace shows what is not hidden", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const person = yield* Manager.namespace<{ name?: string; job?: string; _hidden?: string }>(manager, {})
      yield* NamespaceProxy.set(person, "name", "Bob")
      yield* NamespaceProxy.set(person, "job", "Builder")
      yield* NamespaceProxy.set(person, "_hidden", "hidden")
      expect(yield* NamespaceProxy.get(person, "job")).toBe("Builder")
      yield* NamespaceProxy.remove(person, "job")
      expect(yield* NamespaceProxy.toText(person)).toBe('Namespace(name="Bob")')
      expect(yield* NamespaceProxy.has(person, "name")).toBe(true)
      expect(yield* NamespaceProxy.has(person, "job")).toBe(false)
      expect(yield* Effect.flip(NamespaceProxy.get(person, "job"))).toMatchObject({
        _tag: "MissingKey",
        key: "job",
      })
    }),
  )

  onEach("MGR-18 a child uses a queue", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const queue = yield* Manager.queue<number>(manager, { capacity: 2 })
      yield* Queue.put(queue, 5)
      yield* Queue.put(queue, 6)
      const child = yield* run(using.useQueue, [queue])
      expect(yield* resultOf(child)).toEqual([2, true, false, 5, false, 6, true])
      expect(yield* Queue.isEmpty(queue)).toBe(true)
      expect(yield* Queue.isFull(queue)).toBe(false)
    }),
  )

  onEach("MGR-19 a child uses a list", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const list = yield* Manager.list(manager, [5])
      expect(yield* resultOf(yield* run(using.readList, [list]))).toEqual([5, 1, 0, 1, 1, 5])
      expect(yield* ListProxy.size(list)).toBe(0)
    }),
  )

  onEach("MGR-23 a child reads a namespace", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const namespace = yield* Manager.namespace(manager, { x: 0, y: 1 })
      const child = yield* run(using.readNamespace, [namespace])
      expect(yield* resultOf(child)).toEqual([0, 1])
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onEach("MGR-24 methods of an object of the user's, those that are exposed", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const service = yield* Manager.create(manager, managed.service, [0])
      const guarded = yield* Manager.create(manager, managed.guarded, [])
      expect(yield* BaseProxy.call(service, "f")).toBe("f()")
      expect(yield* BaseProxy.call(guarded, "f")).toBe("f()")
      expect(yield* BaseProxy.call(guarded, "_h")).toBe("_h()")
      const failure = yield* Effect.flip(BaseProxy.call(service, "g"))
      expect(failure).toMatchObject({ _tag: "RemoteFailure", name: "OutOfStock" })
      const typed = yield* Effect.flip(BaseProxy.decodeError(BaseProxy.call(service, "g"), OutOfStock))
      expect(typed).toEqual(new OutOfStock({ item: "tea" }))
      for (const [proxy, method] of [
        [service, "_h"],
        [guarded, "g"],
        [service, "constructor"],
        [service, "count"],
      ] as const) {
        const refused = yield* Effect.flip(BaseProxy.call(proxy, method as "f"))
        expect(refused).toMatchObject({ _tag: "RemoteFailure", message: `there is no method ${method}` })
      }
    }),
  )

  onEach("MGR-26 MGR-27 it ends with its scope, by itself", () =>
    Effect.gen(function* () {
      const process = yield* Effect.scoped(
        Effect.gen(function* () {
          const manager = yield* make
          yield* Manager.list(manager, [1])
          return yield* Manager.process(manager)
        }),
      )
      expect(yield* ended(process)).toBe(0)
    }),
  )

  onEach("MGR-31 a queue fails as any queue", () =>
    Effect.gen(function* () {
      const queue = yield* Manager.queue<number>(yield* shared)
      expect(yield* Effect.flip(Queue.getWithin(queue, 0))).toMatchObject({ _tag: "Empty" })
    }),
  )

  onEach("MGR-38 what comes out of a list is a copy", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const list = yield* Manager.list<unknown>(manager, [1, [2], 3])
      const inner = (yield* ListProxy.get(list, 1)) as Array<number>
      inner.push(9)
      expect(yield* ListProxy.get(list, 1)).toEqual([2])
      yield* ListProxy.set(list, 1, inner)
      expect(yield* ListProxy.get(list, 1)).toEqual([2, 9])
    }),
  )

  onEach("MGR-39 a slow method holds up no other", () =>
    Effect.gen(function* () {
      const service = yield* Manager.create(yield* shared, managed.service, [0])
      const slow = yield* Effect.fork(BaseProxy.call(service, "slow", 500))
      yield* Effect.sleep("50 millis")
      const [took] = yield* Effect.timed(BaseProxy.call(service, "f"))
      expect(Number(took.value._tag === "Millis" ? took.value.millis : 0)).toBeLessThan(400)
      expect(yield* Fiber.join(slow)).toBe("slow")
    }),
  )

  onEach("MGR-41 a method may give a proxy of what stays there", () =>
    Effect.gen(function* () {
      const service = yield* Manager.create(yield* shared, managed.service, [0])
      const child = yield* BaseProxy.call(service, "child", "below")
      expect(yield* BaseProxy.call(child, "hello")).toBe("hello from below")
    }),
  )

  onEach("MGR-43 sets do what local ones do", () =>
    Effect.gen(function* () {
      const set = yield* Manager.set<string>(yield* shared)
      yield* SetProxy.update(set, ["a", "b", "c"])
      expect(yield* SetProxy.has(set, "a")).toBe(true)
      expect(yield* SetProxy.has(set, "d")).toBe(false)
      expect(yield* SetProxy.union(set, ["c", "d"])).toEqual(new Set(["a", "b", "c", "d"]))
      expect(yield* SetProxy.difference(set, ["c", "d"])).toEqual(new Set(["a", "b"]))
      expect(yield* SetProxy.symmetricDifference(set, ["c", "d"])).toEqual(new Set(["a", "b", "d"]))
      expect(yield* SetProxy.intersection(set, ["c", "d"])).toEqual(new Set(["c"]))
      expect(yield* Effect.flip(SetProxy.remove(set, "d"))).toMatchObject({ _tag: "MissingKey", key: "d" })
      expect(yield* SetProxy.discard(set, "d")).toBe(false)
      yield* SetProxy.remove(set, "a")
      expect(yield* SetProxy.copy(set)).toEqual(new Set(["b", "c"]))
    }),
  )

  onEach("the functions of proxies are dual, as all others", () =>
    Effect.gen(function* () {
      const manager = yield* shared

      const dict = yield* Manager.dict<string, number>(manager)
      yield* pipe(dict, DictProxy.set("a", 1))
      yield* pipe(dict, DictProxy.update([["b", 2]]))
      expect(yield* pipe(dict, DictProxy.get("a"))).toEqual(Option.some(1))
      expect(yield* pipe(dict, DictProxy.setDefault("a", 9))).toBe(1)
      expect(yield* pipe(dict, DictProxy.pop("a"))).toBe(1)
      expect(yield* pipe(dict, DictProxy.has("a"))).toBe(false)
      yield* pipe(dict, DictProxy.remove("b"))
      expect(
        yield* pipe(dict, BaseProxy.modify(managed.countUp, "c"), Effect.zipRight(DictProxy.items(dict))),
      ).toEqual([["c", 1]])

      const list = yield* Manager.list<number>(manager)
      yield* pipe(list, ListProxy.extend([3, 1, 2]))
      yield* pipe(list, ListProxy.sort())
      expect(yield* pipe(list, ListProxy.slice())).toEqual([1, 2, 3])
      yield* pipe(list, ListProxy.sort({ reverse: true }))
      expect(yield* pipe(list, ListProxy.slice(1))).toEqual([2, 1])
      expect(yield* pipe(list, ListProxy.pop())).toBe(1)
      expect(yield* pipe(list, ListProxy.pop(0))).toBe(3)
      yield* pipe(list, ListProxy.insert(0, 7))
      yield* pipe(list, ListProxy.setSlice(1, 2, [8, 9]))
      yield* pipe(list, ListProxy.removeSlice(0, 1))
      expect(yield* pipe(list, ListProxy.concat([0]))).toEqual([8, 9, 0])

      // A value may be a proxy, too.
      const outer = yield* Manager.list<unknown>(manager)
      yield* pipe(outer, ListProxy.append(list))
      expect(yield* pipe(outer, ListProxy.includes(list))).toBe(true)
      expect(yield* ListProxy.size(outer)).toBe(1)
      expect(yield* ListProxy.size(list)).toBe(2)

      const set = yield* Manager.set<string>(manager)
      yield* pipe(set, SetProxy.add("a"))
      yield* pipe(set, SetProxy.update(["b", "c"]))
      expect(yield* pipe(set, SetProxy.discard("c"))).toBe(true)
      expect(yield* pipe(set, SetProxy.has("a"))).toBe(true)
      expect(yield* pipe(set, SetProxy.union(["d"]))).toEqual(new Set(["a", "b", "d"]))

      const namespace = yield* Manager.namespace(manager, { x: 0, name: "one" })
      yield* pipe(namespace, NamespaceProxy.set("x", 1))
      expect(yield* pipe(namespace, NamespaceProxy.get("x"))).toBe(1)
      yield* pipe(namespace, NamespaceProxy.remove("name"))
      expect(yield* pipe(namespace, NamespaceProxy.has("name"))).toBe(false)
    }),
  )

  onEach("MGR-15 semaphores outlive the child that has acquired them", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const semaphore = yield* Manager.semaphore(manager, 1)
      const bounded = yield* Manager.boundedSemaphore(manager, 1)
      const child = yield* run(using.takeSemaphores, [semaphore, bounded])
      yield* resultOf(child)
      yield* ended(child)
      yield* Semaphore.release(semaphore)
      expect(yield* Semaphore.tryAcquire(semaphore)).not.toBe(false)
      // Of a bounded one the permits of the dead come back by themselves.
      expect(yield* within(10)(BoundedSemaphore.acquire(bounded))).not.toBe(false)
      yield* BoundedSemaphore.release(bounded)
    }),
  )

  onEach("MGR-16 a condition", () =>
    Effect.gen(function* () {
      const condition = yield* Manager.condition(yield* shared)
      const child = yield* run(using.passCondition, [condition])
      expect(yield* ended(child)).toBe(0)
      const waited = Condition.waitWithin(condition, "50 millis")
      const timedOut = yield* Condition.withLock(Effect.flip(waited), condition)
      expect(timedOut).toMatchObject({ _tag: "TimedOut" })
      expect(yield* Effect.flip(Condition.notify(condition))).toMatchObject({ _tag: "NotOwner" })
    }),
  )

  onEach("MGR-22 a child reads an array", () =>
    Effect.gen(function* () {
      const array = yield* Manager.array(yield* shared, "i32", [0, 1])
      expect(yield* resultOf(yield* run(using.readArray, [array]))).toEqual([0, 1, 2, [0, 1]])
    }),
  )

  onEach("MGR-33 nothing is left once every proxy is given back", () =>
    Effect.gen(function* () {
      const manager = yield* make
      const objects = Effect.map(Manager.statistics(manager), ({ objects }) => objects)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const inner = yield* Manager.dict<string, number>(manager)
          const outer = yield* Manager.list(manager, [inner])
          const service = yield* Manager.create(manager, managed.service, [0])
          const child = yield* BaseProxy.call(service, "child", "x")
          const pool = yield* Manager.pool(manager, { size: 1 })
          expect(yield* Pool.apply(pool, managed.answer, [])).toBe(42)
          const children = yield* Effect.forEach(["a", "b"], (key) => run(using.fill, [inner, key, 1]), {
            concurrency: 2,
          })
          yield* Effect.forEach(children, resultOf)
          yield* Effect.forEach(children, ended)
          expect(yield* DictProxy.size(inner)).toBe(2)
          expect(yield* ListProxy.size(outer)).toBe(1)
          expect(yield* objects).toBe(5)
          // What a method gave is for no scope: the garbage collector would give it back.
          yield* BaseProxy.release(child)
        }),
      )
      expect(yield* objects).toBe(0)
    }),
  )

  onEach("a child that is killed gives back what it had", () =>
    Effect.gen(function* () {
      const manager = yield* make
      const dict = yield* Manager.dict<string, number>(manager)
      const lock = yield* Manager.lock(manager)
      const child = yield* run(using.holdBoth, [dict, lock])
      const isHeld = Effect.map(DictProxy.has(dict, "held"), (has) => has || undefined)
      yield* within(20)(
        Effect.repeat(isHeld, { until: (has) => has === true, schedule: Schedule.spaced(20) }),
      )
      yield* Process.kill(child)
      expect(yield* within(20)(Lock.acquire(lock))).toBe("abandoned")
      yield* Lock.release(lock)
      yield* BaseProxy.release(dict)
      yield* within(20)(
        Effect.repeat(Manager.statistics(manager), {
          until: ({ objects }) => objects === 0,
          schedule: Schedule.spaced(20),
        }),
      )
    }),
  )

  onEach("a task makes one step of several", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const words = yield* Manager.dict<string, number>(manager)
      const count = BaseProxy.modify(words, managed.countUp, "lock")
      yield* Effect.all(
        Array.from({ length: 100 }, () => count),
        { concurrency: "unbounded" },
      )
      expect(yield* DictProxy.get(words, "lock")).toEqual(Option.some(100))
      expect(yield* Effect.flip(BaseProxy.modify(words, managed.notAtOnce))).toMatchObject({
        _tag: "InvalidArgument",
        argument: "task",
      })
      expect(yield* Effect.flip(BaseProxy.modify(words, using.unregistered))).toMatchObject({
        _tag: "NotFound",
        kind: "registered task",
        id: "unregistered",
      })
    }),
  )

  onEach("tasks make what stays there, the same object has the same proxy", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const one = yield* Manager.create(manager, managed.sharedDict, [])
      const other = yield* Manager.create(manager, managed.sharedDict, [])
      yield* DictProxy.set(one, "a", 1)
      expect(yield* DictProxy.get(other, "a")).toEqual(Option.some(1))
      const jobs = yield* Manager.create(manager, managed.sharedJobs, [])
      yield* Queue.put(jobs, 7)
      expect(yield* Queue.get(yield* Manager.create(manager, managed.sharedJobs, []))).toBe(7)
      expect(yield* Manager.create(manager, managed.answer, [])).toBe(42)
      expect(yield* Effect.flip(Manager.create(manager, managed.failing, []))).toMatchObject({
        _tag: "RemoteFailure",
        name: "RangeError",
        message: "no such service",
      })
      expect(yield* Effect.flip(Manager.create(manager, using.unregistered, [new Map()]))).toMatchObject({
        _tag: "NotFound",
      })
    }),
  )

  onEach("promises, generators and streams of methods", () =>
    Effect.gen(function* () {
      const service = yield* Manager.create(yield* shared, managed.service, [0])
      expect(yield* BaseProxy.call(service, "later", "value")).toBe("value")
      const all = <A, E>(stream: Stream.Stream<A, E>) =>
        Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)
      expect(yield* all(BaseProxy.stream(service, "upTo", 1000))).toEqual(
        Array.from({ length: 1000 }, (_, i) => i),
      )
      expect(yield* all(Stream.take(BaseProxy.stream(service, "upTo", 1e9), 3))).toEqual([0, 1, 2])
      expect(yield* all(BaseProxy.stream(service, "letters"))).toEqual(["a", "b", "c"])
    }),
  )

  onEach("an interrupted call is withdrawn", () =>
    Effect.gen(function* () {
      const service = yield* Manager.create(yield* shared, managed.service, [5])
      const fiber = yield* Effect.fork(BaseProxy.call(service, "never"))
      yield* Effect.sleep("100 millis")
      yield* Fiber.interrupt(fiber)
      yield* within(10)(
        Effect.repeat(BaseProxy.call(service, "increment", 0), {
          until: (count) => count === -1,
          schedule: Schedule.spaced(20),
        }),
      )
    }),
  )

  onEach("what cannot be sent fails there and then, and nothing else with it", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const dict = yield* Manager.dict<string, unknown>(manager)
      const others = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 20 }, (_, i) => DictProxy.set(dict, `k${i}`, i)),
          { concurrency: "unbounded" },
        ),
      )
      expect(yield* Effect.flip(DictProxy.set(dict, "f", () => {}))).toMatchObject({
        _tag: "EncodingFailed",
        subject: "argument",
      })
      yield* Fiber.join(others)
      expect(yield* DictProxy.size(dict)).toBe(20)
      const service = yield* Manager.create(manager, managed.service, [0])
      expect(yield* Effect.flip(BaseProxy.call(service, "whatIsNotEncodable"))).toMatchObject({
        _tag: "EncodingFailed",
        subject: "result",
      })
      expect(yield* BaseProxy.call(service, "f")).toBe("f()")
      expect(yield* Effect.flip(DictProxy.set(dict, {} as string, 1))).toMatchObject({
        _tag: "InvalidArgument",
        argument: "key",
      })
      expect(defectOf(yield* Effect.exit(DictProxy.size({} as typeof dict)))).toMatchObject({
        _tag: "InvalidArgument",
      })
    }),
  )

  onEach("the same through the agent that has started the manager", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const dict = yield* Manager.dict<string, unknown>(manager)
      expect(yield* resultOf(yield* run(using.setWhatCannotBeSent, [dict]))).toBe("EncodingFailed")
      const lock = yield* Lock.make
      yield* resultOf(yield* run(using.setLock, [dict, lock]))
      const there = Option.getOrThrow(yield* DictProxy.get(dict, "lock")) as Lock.Lock
      yield* Lock.acquire(there)
      expect(yield* Lock.tryAcquire(lock)).toBe(false)
      yield* Lock.release(there)
    }),
  )

  onEach("what a child makes for a scope is gone after it", () =>
    Effect.gen(function* () {
      const manager = yield* make
      expect(yield* resultOf(yield* run(using.makeThere, [manager, "there"]))).toEqual(["there"])
      expect(yield* Manager.statistics(manager)).toEqual({ objects: 0 })
    }),
  )

  onEach("a proxy goes from agent to agent", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const dict = yield* Manager.dict<string, number>(manager)
      const back = yield* resultOf(yield* run(using.returnIt, [dict]))
      yield* DictProxy.set(back, "a", 1)
      expect(yield* DictProxy.get(dict, "a")).toEqual(Option.some(1))
      expect(yield* resultOf(yield* run(using.makeThere, [manager, "there"]))).toEqual(["there"])
    }),
  )

  onEach("a proxy comes through a queue, whose sender has forgotten it", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const queue = yield* Queue.make<DictProxy.DictProxy<string, number>>()
      const child = yield* run(using.fillFrom, [queue])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const dict = yield* Manager.dict<string, number>(manager)
          yield* Queue.put(queue, dict)
          yield* resultOf(child)
          expect(yield* DictProxy.get(dict, "through")).toEqual(Option.some(1))
        }),
      )
    }),
  )

  onEach("objects of the main agent, for those that it starts", () =>
    Effect.gen(function* () {
      const here = new Map([["a", 1]])
      const dict = BaseProxy.share(here)
      yield* resultOf(yield* run(using.fill, [dict, "b", 2]))
      expect(here).toEqual(
        new Map([
          ["a", 1],
          ["b", 2],
        ]),
      )
      expect(yield* DictProxy.get(dict, "b")).toEqual(Option.some(2))
      const copy = yield* DictProxy.copy(dict)
      copy.clear()
      expect(here.size).toBe(2)
      const failed = yield* Effect.flip(resultOf(yield* run(using.shareBelow, [])))
      expect(failed).toMatchObject({ _tag: "NotTransferable" })
    }),
  )

  onEach("it ends when it is told to, and once", () =>
    Effect.gen(function* () {
      const manager = yield* make
      const process = yield* Manager.process(manager)
      const service = yield* Manager.create(manager, managed.service, [0])
      const pending = yield* Effect.fork(BaseProxy.call(service, "never"))
      yield* Effect.sleep("50 millis")
      yield* Manager.shutdown(manager)
      yield* Manager.shutdown(manager)
      expect(yield* ended(process)).toBe(0)
      expect(yield* Effect.flip(Fiber.join(pending))).toMatchObject({ _tag: "ManagerClosed" })
      expect(yield* Effect.flip(BaseProxy.call(service, "f"))).toMatchObject({ _tag: "ManagerClosed" })
      expect(yield* Effect.flip(Manager.dict(manager))).toMatchObject({ _tag: "ManagerClosed" })
      expect(yield* Process.exitCode(yield* Manager.process(manager))).toEqual(Option.some(0))
    }),
  )

  onEach("what a stream fails with at its end is told of", () =>
    Effect.gen(function* () {
      const service = yield* Manager.create(yield* shared, managed.service, [0])
      const { collect, logged } = logging()
      const first = collect(Stream.runHead(BaseProxy.stream(service, "failsAtItsEnd")))
      expect(yield* first).toEqual(Option.some(1))
      expect(logged).toEqual([
        expect.stringMatching(/^WARN A stream of a managed object has not ended well.*no end/),
      ])
    }),
  )

  onEach("one that does not end in time is terminated, which is told of", () =>
    Effect.gen(function* () {
      const { collect, logged } = logging()
      const manager = yield* collect(Manager.make({ ...options, shutdownTimeout: "200 millis" }))
      const service = yield* Manager.create(manager, managed.service, [0])
      yield* Effect.fork(BaseProxy.call(service, "isBusy", 1500))
      yield* Effect.sleep("100 millis")
      yield* collect(Manager.shutdown(manager))
      expect(logged).toEqual([expect.stringMatching(/^WARN The manager .* is terminated: .* within 200ms$/)])
    }),
  )

  onEach("one that is killed fails what was asked of it", () =>
    Effect.gen(function* () {
      const { collect, logged } = logging()
      const manager = yield* collect(make)
      const service = yield* Manager.create(manager, managed.service, [0])
      const pending = yield* Effect.fork(BaseProxy.call(service, "never"))
      yield* Effect.sleep("50 millis")
      yield* Process.kill(yield* Manager.process(manager))
      expect(yield* within(10)(Effect.flip(Fiber.join(pending)))).toMatchObject({
        _tag: "ManagerClosed",
        manager: manager[Manager.TypeId].name,
      })
      expect(yield* Effect.flip(BaseProxy.call(service, "f"))).toMatchObject({ _tag: "ManagerClosed" })
      expect(logged).toEqual([expect.stringMatching(/^WARN A manager has ended: <Process .* exitCode=-9>/)])
    }),
  )

  onEach("only who has started it can end it", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const child = yield* run(using.shutDown, [manager])
      expect(yield* resultOf(child)).toBe("IllegalState")
      yield* Manager.list(manager)
    }),
  )

  onEach("it is prepared before it serves, or tells why it cannot be", () =>
    Effect.gen(function* () {
      const { prepare, sharedDict, unprepared } = managed
      const manager = yield* Manager.make({
        register: [sharedDict],
        initializer: { task: prepare, args: ["prepared"] },
      })
      const dict = yield* Manager.create(manager, sharedDict, [])
      expect(yield* DictProxy.get(dict, "prepared")).toEqual(Option.some(1))
      const failed = yield* Effect.flip(Manager.make({ initializer: { task: unprepared } }))
      expect(failed).toMatchObject({ _tag: "RemoteFailure", message: "not prepared" })
      const missing = { ...prepare, url: "file:///nowhere.ts" }
      expect(yield* Effect.flip(Manager.make({ register: [missing] }))).toMatchObject({
        _tag: "RemoteFailure",
        name: "ModuleNotLoaded",
      })
    }),
  )
})
