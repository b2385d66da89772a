/** Managers that other programs connect to: what these can do, what becomes of them, and who is not to be trusted. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect } from "@effect/vitest"
import { collectApart } from "@multifiber/testkit/garbage"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as BaseProxy from "../src/BaseProxy.ts"
import * as Condition from "../src/Condition.ts"
import * as DictProxy from "../src/DictProxy.ts"
import * as Event from "../src/Event.ts"
import type * as Listener from "../src/Listener.ts"
import * as ListProxy from "../src/ListProxy.ts"
import * as Lock from "../src/Lock.ts"
import * as Manager from "../src/Manager.ts"
import * as NamespaceProxy from "../src/NamespaceProxy.ts"
import type { Address } from "../src/Platform.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import * as Semaphore from "../src/Semaphore.ts"
import * as SetProxy from "../src/SetProxy.ts"
import { TypeId as PROXY } from "../src/sync/managed.ts"
import { Op } from "../src/wire/Protocol.ts"
import { clerks, type Goods, shop, type Tools, trade, work } from "./fixtures/serving.ts"
import { within } from "./live.ts"
import { shareManagers } from "./managers.ts"
import { forged, framed, idIn, rawClient } from "./rawClients.ts"
import { onEach, resultOf, run } from "./startMethods.ts"

const KEY = { authKey: "serving" }

const TCP: Address = { host: "127.0.0.1", port: 0 }

/** The path of a socket in a folder that is gone after the test. */
const unixPath = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "multifiber-socket-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
).pipe(Effect.map((folder) => join(folder, "socket")))

const shared = shareManagers({ register: Object.values(shop) })

/** A manager that is served, and how to connect to it. */
const serving = (manager: Manager.Manager, options: Listener.Options) =>
  Effect.gen(function* () {
    const server = yield* Manager.serve(manager, options)
    const { authKey } = options
    return { manager, server, connect: within(10)(Manager.connect(server.address, { authKey })) }
  })

const served = (options: Listener.Options = KEY) =>
  Effect.flatMap(shared, (manager) => serving(manager, options))

/** The same of one that nobody else has: what it has can be counted. */
const servedAlone = (options: Listener.Options = KEY) =>
  Effect.flatMap(within(20)(Manager.make({ register: Object.values(shop) })), (manager) =>
    serving(manager, options),
  )

/** A client that goes away when it is told to. */
const leaving = <A, E, R>(connect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const client = yield* Scope.extend(connect, scope)
    return { client, scope, leave: within(10)(Scope.close(scope, Exit.void)) }
  })

/** The same dict for all programs. */
const shelfOf = (manager: Manager.Manager) =>
  Effect.map(
    Manager.create(manager, shop.shelf, []),
    (shelf) => shelf as unknown as DictProxy.DictProxy<string, any>,
  )

const onShelf = <A>(manager: Manager.Manager, key: string) =>
  Effect.flatMap(shelfOf(manager), (shelf) =>
    Effect.map(DictProxy.get(shelf, key), (found): A => Option.getOrThrow(found)),
  )

/** Makes something, and puts it where others find it. */
const shelved = <A, E, R>(manager: Manager.Manager, key: string, making: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const made = yield* making
    yield* DictProxy.set(yield* shelfOf(manager), key, made)
    return made
  })

const goodsOf = (manager: Manager.Manager) =>
  Effect.all({
    dict: Manager.dict<string, number>(manager),
    list: Manager.list<number>(manager),
    set: Manager.set<string>(manager),
    namespace: Manager.namespace(manager, { x: 0 }),
    desk: Manager.create(manager, shop.desk, []),
  }) satisfies Effect.Effect<Goods, unknown, unknown>

const toolsOf = (manager: Manager.Manager) =>
  Effect.all({
    lock: Manager.lock(manager),
    queue: Manager.queue<number>(manager),
    event: Manager.event(manager),
    condition: Manager.condition(manager),
    semaphore: Manager.semaphore(manager, 1),
  }) satisfies Effect.Effect<Tools, unknown, unknown>

/** Asks again and again, at most ten seconds. What nobody has any more is collected meanwhile. */
const becomes = <A>(ask: Effect.Effect<A, unknown>, expected: A) =>
  Effect.gen(function* () {
    const end = performance.now() + 10_000
    let found = yield* ask
    while (found !== expected && performance.now() < end) {
      yield* Effect.promise(collectApart)
      yield* Effect.sleep(20)
      found = yield* ask
    }
    expect(found).toEqual(expected)
  })

const objectsOf = (manager: Manager.Manager) => Effect.map(Manager.statistics(manager), (has) => has.objects)

/** What it has failed with, in whatever way. */
const tagOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? (Cause.squash(exit.cause) as { readonly _tag?: string })._tag : "done"

/** The manager serves those that keep the rules. */
const serves = (connect: Effect.Effect<Manager.Manager, unknown, any>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* connect
      const dict = yield* Manager.dict<string, number>(client)
      yield* DictProxy.set(dict, "a", 1)
      expect(yield* within(10)(DictProxy.get(dict, "a"))).toEqual(Option.some(1))
    }),
  )

/** What is logged at the level of warnings, or above. */
const warnings = () => {
  const lines: Array<string> = []
  const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
    if (logLevel.ordinal >= 30_000) lines.push([message].flat().join(" "))
  })
  return [lines, Logger.replace(Logger.defaultLogger, logger)] as const
}

describe("Manager.serve", () => {
  onEach("MGR-29 what the wire cannot carry is refused here, and what was to have it works on", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* served()
      for (const user of [yield* connect, manager]) {
        const dict = yield* Manager.dict<string, unknown>(user)
        const queue = yield* Manager.queue<unknown>(user)
        for (const value of [() => 1, Symbol("s"), [new Map([[1, () => 1]])], { a: { b: () => 1 } }]) {
          const refused = yield* within(10)(Effect.flip(DictProxy.set(dict, "k", value)))
          expect(refused).toMatchObject({ _tag: "EncodingFailed", subject: "argument" })
          expect(yield* within(10)(Effect.flip(Queue.put(queue, value)))).toMatchObject({
            _tag: "EncodingFailed",
          })
        }
        expect(yield* DictProxy.size(dict)).toBe(0)
        yield* DictProxy.set(dict, "k", { a: [1] })
        expect(yield* DictProxy.get(dict, "k")).toEqual(Option.some({ a: [1] }))
        yield* Queue.put(queue, "works")
        expect(yield* within(10)(Queue.get(queue))).toBe("works")
        expect(yield* Queue.isEmpty(queue)).toBe(true)
      }
    }),
  )

  onEach("MGR-29 what comes from elsewhere does not go there", () =>
    Effect.gen(function* () {
      const { connect } = yield* served()
      const client = yield* connect
      const list = yield* Manager.list<unknown>(client, [1])
      const another = yield* Manager.make()
      const values = {
        "a lock of this agent": yield* Lock.make,
        "an object of this agent": BaseProxy.share(new Map()),
        "a dict of another manager": yield* Manager.dict(another),
      }
      const added: Array<string> = []
      for (const [what, value] of Object.entries(values)) {
        const exit = yield* within(10)(Effect.exit(ListProxy.append(list, value)))
        added.push(`${what}: ${tagOf(exit)}`)
      }
      expect(added).toEqual(Object.keys(values).map((what) => `${what}: EncodingFailed`))
      expect(yield* ListProxy.copy(list)).toEqual([1])
    }),
  )

  onEach("MGR-29 what a method returns and the wire cannot carry is told of", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* served()
      for (const user of [yield* connect, manager]) {
        const desk = yield* Manager.create(user, shop.desk, [])
        expect(yield* within(10)(Effect.flip(BaseProxy.call(desk, "odd")))).toMatchObject({
          _tag: "EncodingFailed",
          subject: "result",
        })
        expect(yield* BaseProxy.call(desk, "add", 1, 2)).toBe(3)
      }
    }),
  )

  for (const family of ["TCP", "a Unix socket"]) {
    onEach(`MGR-37 who has the key is let in, and nobody once it is not served any more, by ${family}`, () =>
      Effect.gen(function* () {
        const address = family === "TCP" ? TCP : yield* unixPath
        const scope = yield* Scope.make()
        const { server } = yield* Scope.extend(served({ ...KEY, address }), scope)
        const guess = Manager.connect(server.address, { authKey: "a guess" })
        expect(yield* within(10)(Effect.flip(guess))).toMatchObject({
          _tag: "AuthFailed",
          reason: "the client has another key",
        })
        expect(yield* within(10)(Effect.flip(Manager.connect(server.address)))).toMatchObject({
          _tag: "AuthFailed",
        })
        yield* becomes(server.connections, 0)
        yield* serves(Manager.connect(server.address, KEY))
        yield* within(20)(Scope.close(scope, Exit.void))
        const late = Manager.connect(server.address, KEY)
        expect(yield* within(10)(Effect.flip(late))).toMatchObject({ _tag: "ConnectFailed" })
      }),
    )
  }

  onEach("a client uses containers and objects, and so do its agents", () =>
    Effect.gen(function* () {
      const { connect } = yield* served()
      const client = yield* connect
      const goods = yield* goodsOf(client)
      expect(yield* within(10)(trade(goods, "tea"))).toEqual([3, 4])
      const child = yield* run(clerks.trade, [goods, "coffee"])
      expect(yield* resultOf(child)).toEqual([3, 7])
      const { desk, dict, list, namespace, set } = goods
      expect(yield* DictProxy.items(dict)).toEqual([
        ["tea", 4],
        ["coffee", 7],
      ])
      expect(yield* ListProxy.copy(list)).toEqual([3, 6])
      expect(yield* SetProxy.copy(set)).toEqual(new Set(["tea", "coffee"]))
      expect(yield* NamespaceProxy.copy(namespace)).toEqual({ x: 2 })
      const drawer = yield* BaseProxy.call(desk, "drawer", "spoons")
      expect(yield* BaseProxy.call(drawer, "read")).toBe("spoons")
      const keys = Effect.map(Stream.runCollect(DictProxy.stream(dict)), Chunk.toReadonlyArray)
      expect(yield* within(10)(keys)).toEqual(["tea", "coffee"])
      const there = yield* run(clerks.makeThere, [client, [1, 2]])
      expect(yield* resultOf(there)).toEqual([1, 2])
      expect(yield* Effect.flip(ListProxy.get(list, 9))).toMatchObject({ _tag: "OutOfRange", length: 2 })
      expect(yield* Effect.flip(DictProxy.pop(dict, "salt"))).toMatchObject({
        _tag: "MissingKey",
        key: "salt",
      })
    }),
  )

  onEach("a client uses locks, queues, events, conditions and semaphores, and so do its agents", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* served()
      const client = yield* connect
      const tools = yield* toolsOf(client)
      const { condition, event, lock, queue, semaphore } = tools
      yield* DictProxy.set(yield* shelfOf(client), "tools", tools)
      const atHome = yield* onShelf<Tools>(manager, "tools")
      yield* Queue.put(queue, 1)
      const child = yield* run(clerks.work, [tools])
      expect(yield* Event.isSet(atHome.event)).toBe(false)
      const goOn = Effect.zipRight(Event.set(event), Condition.wait(condition))
      expect(yield* within(20)(Condition.withLock(goOn, condition))).toBe("acquired")
      expect(yield* Event.isSet(atHome.event)).toBe(true)
      expect(yield* resultOf(child)).toBe(1)
      // The others meet at the same ones.
      expect(yield* within(10)(work(atHome))).toBe(2)
      expect(yield* within(10)(Queue.get(queue))).toBe(3)
      yield* Lock.acquire(lock)
      expect(yield* Lock.isLocked(atHome.lock)).toBe(true)
      expect(yield* Effect.flip(Lock.acquireWithin(atHome.lock, 20))).toMatchObject({ _tag: "TimedOut" })
      yield* Lock.release(lock)
      expect(yield* Lock.isLocked(atHome.lock)).toBe(false)
      yield* Semaphore.acquire(semaphore)
      expect(yield* Semaphore.tryAcquire(atHome.semaphore)).toBe(false)
      yield* Semaphore.release(semaphore)
      yield* within(10)(Semaphore.withPermits(Effect.void, atHome.semaphore, 1))
      expect(yield* Effect.flip(Lock.release(lock))).toMatchObject({ _tag: "OverRelease" })
    }),
  )

  onEach("proxies and handles lie in containers, at any depth, for all programs", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* served()
      const { client, leave, scope } = yield* leaving(connect)
      const other = yield* connect
      const inScope = <A, E, R>(self: Effect.Effect<A, E, R>) => Scope.extend(self, scope)
      const inner = yield* inScope(Manager.dict(client, [["tea", 3]]))
      const outer = yield* inScope(Manager.list<any>(client, [inner]))
      const child = yield* run(clerks.readNested, [outer])
      expect(yield* resultOf(child)).toBe(3)
      const lock = yield* Manager.lock(client)
      yield* ListProxy.append(outer, { deep: [new Map([["lock", lock]])] })
      yield* ListProxy.append(outer, outer)
      yield* DictProxy.set(yield* inScope(shelfOf(client)), "outer", outer)
      // What is in a container stays there, though who has put it there is gone.
      yield* Lock.acquire(lock)
      for (const user of [other, manager]) {
        const found = yield* onShelf<typeof outer>(user, "outer")
        const { deep } = yield* ListProxy.get(found, 1)
        const held = deep[0].get("lock") as Lock.Lock
        expect(yield* Lock.isLocked(held)).toBe(true)
        expect(yield* ListProxy.size(yield* ListProxy.get(found, 2))).toBe(3)
      }
      yield* leave
      for (const user of [other, manager]) {
        const found = yield* onShelf<typeof outer>(user, "outer")
        const first = yield* ListProxy.get(found, 0)
        yield* within(10)(DictProxy.update(first, [["tea", 5]]))
        const { deep } = yield* ListProxy.get(found, 1)
        expect(yield* within(10)(Lock.acquire(deep[0].get("lock")))).toBe(
          user === other ? "abandoned" : "acquired",
        )
        yield* Lock.release(deep[0].get("lock"))
        expect(yield* DictProxy.get(first, "tea")).toEqual(Option.some(5))
      }
    }),
  )

  onEach("who is connected can serve it on", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* served()
      const { client, leave, scope } = yield* leaving(connect)
      const further = yield* Scope.extend(Manager.serve(client, KEY), scope)
      const far = yield* Manager.connect(further.address, KEY)
      const dict = yield* Manager.dict<string, number>(far)
      yield* DictProxy.set(dict, "far", 1)
      yield* DictProxy.set(yield* shelfOf(far), "dict", dict)
      const lock = yield* shelved(far, "lock", Manager.lock(far))
      const atHome = yield* onShelf<typeof dict>(manager, "dict")
      expect(yield* DictProxy.get(atHome, "far")).toEqual(Option.some(1))
      yield* Lock.acquire(lock)
      const lockAtHome = yield* onShelf<Lock.Lock>(manager, "lock")
      expect(yield* Lock.isLocked(lockAtHome)).toBe(true)
      yield* leave
      expect(yield* within(10)(Lock.acquire(lockAtHome))).toBe("abandoned")
      expect(yield* within(10)(Effect.flip(DictProxy.size(dict)))).toMatchObject({ _tag: "ManagerClosed" })
    }),
  )

  onEach("a client cannot end the manager", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* servedAlone({})
      const client = yield* connect
      expect(yield* Effect.flip(Manager.shutdown(client))).toMatchObject({ _tag: "IllegalState" })
      expect(yield* Effect.flip(Manager.process(client))).toMatchObject({ _tag: "IllegalState" })
      const raw = yield* rawClient(server.address)
      const outcome = yield* raw.ask(yield* raw.root, "stop")
      yield* serves(connect)
      expect(outcome.is).not.toBe("done")
      expect(yield* Process.isAlive(yield* Manager.process(manager))).toBe(true)
    }),
  )
})

describe("Manager.serve, and clients that go away", () => {
  onEach("the lock of one that is gone passes on, to who waits and to who comes", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* served()
      const lock = yield* shelved(manager, "lock", Manager.lock(manager))
      const first = yield* leaving(connect)
      const second = yield* leaving(connect)
      const [held, wanted] = [
        yield* onShelf<Lock.Lock>(first.client, "lock"),
        yield* onShelf<Lock.Lock>(second.client, "lock"),
      ]
      expect(yield* within(10)(Lock.acquire(held))).toBe("acquired")
      const waiting = yield* Effect.fork(Lock.acquire(wanted))
      yield* Effect.sleep(50)
      expect(yield* Fiber.poll(waiting)).toEqual(Option.none())
      expect(yield* server.connections).toBe(2)
      yield* first.leave
      expect(yield* within(10)(Fiber.join(waiting))).toBe("abandoned")
      yield* second.leave
      expect(yield* within(10)(Lock.acquire(lock))).toBe("abandoned")
      yield* Lock.release(lock)
      expect(yield* Lock.statistics(lock)).toMatchObject({ waitingAgents: 0, waitingFibers: 0 })
      yield* becomes(server.connections, 0)
    }),
  )

  onEach("the lock of an agent of a client passes on when the agent is killed", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* served()
      const lock = yield* shelved(manager, "lock", Manager.lock(manager))
      const client = yield* connect
      const mine = yield* onShelf<Lock.Lock>(client, "lock")
      const taken = yield* Manager.event(client)
      const child = yield* run(clerks.keep, [mine, taken])
      yield* within(20)(Event.wait(taken))
      const waiting = yield* Effect.fork(Lock.acquire(mine))
      expect(yield* Lock.isLocked(lock)).toBe(true)
      yield* Process.kill(child)
      expect(yield* within(20)(Fiber.join(waiting))).toBe("abandoned")
      yield* Lock.release(mine)
      expect(yield* Lock.isLocked(lock)).toBe(false)
    }),
  )

  onEach("who waits in a get takes nothing along, and the others go on", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* served()
      const queue = yield* shelved(manager, "queue", Manager.queue<number>(manager))
      const first = yield* leaving(connect)
      const other = yield* connect
      const gone = yield* onShelf<typeof queue>(first.client, "queue")
      const stays = yield* onShelf<typeof queue>(other, "queue")
      const lost = yield* Effect.forkDaemon(Effect.exit(Queue.get(gone)))
      yield* Effect.sleep(50)
      const waiting = yield* Effect.fork(Queue.get(stays))
      yield* Effect.sleep(50)
      yield* first.leave
      // What is put before that is known goes to who is gone.
      yield* becomes(server.connections, 1)
      yield* Queue.put(queue, 7)
      expect(yield* within(10)(Fiber.join(waiting))).toBe(7)
      expect(tagOf(yield* within(10)(Fiber.join(lost)))).toBe("ManagerClosed")
      expect(yield* Queue.statistics(queue)).toMatchObject({ size: 0, waitingReaders: 0 })
    }),
  )

  onEach("who gives up a get, and goes at once, takes nothing along", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* served()
      const queue = yield* shelved(manager, "queue", Manager.queue<number>(manager))
      for (let i = 0; i < 5; i++) {
        const { client, leave } = yield* leaving(connect)
        const getting = yield* Effect.fork(Queue.get(yield* onShelf<typeof queue>(client, "queue")))
        yield* Effect.sleep(20)
        const put = yield* Effect.fork(Queue.put(queue, i))
        yield* within(10)(Fiber.interrupt(getting))
        yield* leave
        yield* Fiber.join(put)
        const taken = yield* Fiber.await(getting)
        if (Exit.isInterrupted(taken)) expect(yield* within(10)(Queue.get(queue))).toBe(i)
        else expect(taken).toEqual(Exit.succeed(i))
        expect(yield* Queue.statistics(queue)).toMatchObject({ size: 0 })
      }
    }),
  )

  onEach("what it is in the middle of is interrupted, and what only it had goes", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* servedAlone()
      const desk = yield* shelved(manager, "desk", Manager.create(manager, shop.desk, []))
      const before = yield* objectsOf(manager)
      const { client, leave, scope } = yield* leaving(connect)
      const mine = yield* Scope.extend(onShelf<typeof desk>(client, "desk"), scope)
      for (let i = 0; i < 5; i++) yield* Scope.extend(Manager.list(client, [i]), scope)
      yield* Scope.extend(goodsOf(client), scope)
      expect(yield* objectsOf(manager)).toBeGreaterThanOrEqual(before + 10)
      const calls = yield* Effect.forkDaemon(
        Effect.replicateEffect(Effect.exit(BaseProxy.call(mine, "wait")), 3, { concurrency: 3 }),
      )
      yield* becomes(
        Effect.map(BaseProxy.call(desk, "seen"), ([waiting]) => waiting),
        3,
      )
      yield* leave
      yield* becomes(
        Effect.map(BaseProxy.call(desk, "seen"), (seen) => seen.join()),
        "0,3",
      )
      expect((yield* within(10)(Fiber.join(calls))).map(tagOf)).toEqual(Array(3).fill("ManagerClosed"))
      yield* becomes(server.connections, 0)
      yield* becomes(objectsOf(manager), before)
    }),
  )

  onEach("what a program gives back goes while it is connected", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* servedAlone()
      const client = yield* connect
      const before = yield* objectsOf(manager)
      yield* Effect.scoped(
        Effect.gen(function* () {
          for (let i = 0; i < 5; i++) yield* Manager.dict(client, [["i", i]])
          expect(yield* objectsOf(client)).toBe(before + 5)
        }),
      )
      yield* becomes(objectsOf(manager), before)
      expect(yield* server.connections).toBe(1)
    }),
  )

  onEach("once it is not served any more, what clients wait for fails with ManagerClosed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const manager = yield* Manager.make({ register: Object.values(shop) })
      const server = yield* Scope.extend(Manager.serve(manager, KEY), scope)
      const client = yield* Manager.connect(server.address, KEY)
      const { condition, event, lock, queue, semaphore } = yield* toolsOf(client)
      const { desk, dict } = yield* goodsOf(client)
      yield* Lock.acquire(lock)
      yield* Semaphore.acquire(semaphore)
      const waits = {
        call: BaseProxy.call(desk, "wait"),
        lock: Lock.acquire(lock),
        semaphore: Semaphore.acquire(semaphore),
        queue: Queue.get(queue),
        event: Event.wait(event),
        condition: Condition.withLock(Condition.wait(condition), condition),
      } as Record<string, Effect.Effect<unknown, unknown>>
      const waiting: Array<readonly [string, Fiber.Fiber<Exit.Exit<unknown, unknown>>]> = []
      for (const [name, wait] of Object.entries(waits))
        waiting.push([name, yield* Effect.fork(Effect.exit(wait))])
      yield* Effect.sleep(100)
      for (const [name, fiber] of waiting)
        expect([name, yield* Fiber.poll(fiber)]).toEqual([name, Option.none()])
      yield* within(10)(Scope.close(scope, Exit.void))
      for (const [name, fiber] of waiting) {
        expect([name, tagOf(yield* within(10)(Fiber.join(fiber)))]).toEqual([name, "ManagerClosed"])
      }
      expect(yield* within(10)(Effect.flip(DictProxy.size(dict)))).toMatchObject({ _tag: "ManagerClosed" })
      expect(yield* within(10)(Effect.flip(Manager.list(client)))).toMatchObject({ _tag: "ManagerClosed" })
      expect(yield* server.connections).toBe(0)
      expect(yield* ListProxy.copy(yield* Manager.list(manager, [1]))).toEqual([1])
    }),
  )

  onEach("when the manager ends, what clients wait for fails with ManagerClosed", () =>
    Effect.gen(function* () {
      const { connect, manager } = yield* servedAlone()
      const client = yield* connect
      const { desk, dict } = yield* goodsOf(client)
      const queue = yield* Manager.queue<number>(client)
      const waiting = yield* Effect.fork(Effect.exit(BaseProxy.call(desk, "wait")))
      const getting = yield* Effect.fork(Effect.exit(Queue.get(queue)))
      yield* Effect.sleep(50)
      yield* within(10)(Manager.shutdown(manager))
      expect(tagOf(yield* within(10)(Fiber.join(waiting)))).toBe("ManagerClosed")
      expect(yield* within(10)(Effect.flip(DictProxy.size(dict)))).toMatchObject({ _tag: "ManagerClosed" })
      yield* Fiber.interrupt(getting).pipe(within(10))
    }),
  )

  onEach("a manager that does nothing else any more ends by force, with all that clients wait for", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { connect, manager } = yield* Scope.extend(servedAlone(), scope)
      const process = yield* Manager.process(manager)
      yield* Effect.addFinalizer(() => Effect.orDie(Process.kill(process)))
      const client = yield* connect
      const dict = yield* Manager.dict<string, number>(client)
      const spinning = yield* Effect.fork(Effect.exit(BaseProxy.modify(dict, shop.spin)))
      yield* Effect.sleep(100)
      yield* within(15)(Manager.shutdown(manager))
      expect(tagOf(yield* within(10)(Fiber.join(spinning)))).toBe("ManagerClosed")
      yield* within(15)(Scope.close(scope, Exit.void))
    }),
  )

  onEach("many clients at once", () =>
    Effect.gen(function* () {
      const CLIENTS = 30
      const TIMES = 10
      const { connect, manager, server } = yield* servedAlone()
      const counts = yield* shelved(manager, "counts", Manager.dict<string, number>(manager, [["locked", 0]]))
      yield* shelved(manager, "lock", Manager.lock(manager))
      const before = yield* objectsOf(manager)
      const visit = Effect.scoped(
        Effect.gen(function* () {
          const client = yield* connect
          const dict = yield* onShelf<typeof counts>(client, "counts")
          const lock = yield* onShelf<Lock.Lock>(client, "lock")
          yield* Manager.list(client, [1])
          const up = Effect.flatMap(DictProxy.get(dict, "locked"), (n) =>
            DictProxy.set(dict, "locked", Option.getOrThrow(n) + 1),
          )
          for (let i = 0; i < TIMES; i++) {
            yield* BaseProxy.modify(dict, shop.count, "modified")
            yield* Lock.withLock(up, lock)
          }
        }),
      )
      yield* within(40)(Effect.replicateEffect(visit, CLIENTS, { concurrency: "unbounded" }))
      expect(yield* DictProxy.copy(counts)).toEqual(
        new Map([
          ["locked", CLIENTS * TIMES],
          ["modified", CLIENTS * TIMES],
        ]),
      )
      yield* becomes(server.connections, 0)
      yield* becomes(objectsOf(manager), before)
    }),
  )
})

describe("Manager.serve, and who is trusted and breaks the rules", () => {
  /** A message with one call, some fields of which are others. */
  const calling = (fields: object) => ({
    op: Op.Calls,
    runs: [{ target: "", method: "raw", from: "", arity: 1, ids: [1], args: [1], ...fields }],
  })

  const rude: Readonly<Record<string, Uint8Array>> = {
    "a frame that is too long": Uint8Array.of(255, 0, 0, 0),
    "an empty frame": Uint8Array.of(0, 0, 0, 0),
    "a message of an unknown kind": Uint8Array.of(0, 0, 0, 3, 9, 1, 2),
    "a message that cannot be read": Uint8Array.of(0, 0, 0, 3, 2, 0x92, 1),
    bytes: Uint8Array.of(0, 0, 0, 3, 1, 1, 2),
    "a number": framed(7),
    nothing: framed(null),
    "an unknown operation": framed({ op: 77 }),
    "what starters say to agents": framed({ op: Op.Run, segments: [], hasHandles: false }),
    "answers that nobody has asked for": framed({ op: Op.Outcomes, ids: [1], values: [1], others: [] }),
    "no calls": framed({ op: Op.Calls }),
    "calls that are none": framed({ op: Op.Calls, runs: [1, null, "x"] }),
    "a call without a number": framed(calling({ ids: ["one"] })),
    "a call without a method": framed(calling({ method: 7 })),
    "a call without a target": framed(calling({ target: null })),
    "a call whose arguments are none": framed(calling({ args: { length: 1 } })),
    "a call with too few arguments": framed(calling({ arity: 2 })),
    "a call with less than no arguments": framed(calling({ arity: -1 })),
    "a call of no agent": framed(calling({ from: 7 })),
    "more calls than anybody has": framed(
      calling({ target: "x", arity: 0, ids: [...Array(2 ** 16 + 1).keys()], args: [] }),
    ),
    "what withdraws nothing": framed({ op: Op.Cancel }),
    "what gives nothing back": framed({ op: Op.Release, target: 7 }),
    "what gives back by half": framed({ op: Op.Release, target: "x", times: 0.5 }),
    "that nobody is gone": framed({ op: Op.Left }),
  }

  onEach(
    "who says what is none of the rules is hung up on with a warning, and only he",
    () => {
      const [lines, logging] = warnings()
      return Effect.gen(function* () {
        const { connect, manager, server } = yield* servedAlone({})
        const dict = yield* Manager.dict(yield* connect, [["still", "here"]])
        const before = yield* objectsOf(manager)
        for (const [what, bytes] of Object.entries(rude)) {
          const raw = yield* rawClient(server.address)
          yield* raw.make(yield* raw.root, "list", [1])
          raw.socket.write(bytes)
          yield* raw.over
          expect([what, lines.length]).toEqual([what, 1])
          expect(lines.pop()).toMatch(/^A connection of a manager is closed, whose other side has sent /)
          expect(yield* within(10)(DictProxy.get(dict, "still"))).toEqual(Option.some("here"))
        }
        yield* becomes(server.connections, 1)
        yield* becomes(objectsOf(manager), before)
      }).pipe(Effect.provide(logging))
    },
    90,
  )

  onEach("calls of methods that nothing has fail, and harm nothing", () =>
    Effect.gen(function* () {
      const { connect, server } = yield* served({})
      const raw = yield* rawClient(server.address)
      const root = yield* raw.root
      const targets = new Map([["root", root]])
      for (const [what, args] of [
        ["dict", [[["a", 1]]]],
        ["list", [[1]]],
        ["set", [[1]]],
        ["namespace", [{ x: 1 }]],
        ["create", ["desk", []]],
        ["Lock", []],
        ["RLock", []],
        ["Semaphore", [1]],
        ["BoundedSemaphore", [1]],
        ["Event", []],
        ["Condition", []],
        ["Barrier", [2, {}]],
        ["Queue", [{}]],
        ["SimpleQueue", []],
        ["JoinableQueue", [{}]],
        ["Value", ["i32", 1]],
        ["Array", ["i32", 3]],
      ] as const) {
        targets.set(what, yield* raw.make(root, what, ...args))
      }
      for (const [what, target] of targets) {
        for (const method of [
          "constructor",
          "__proto__",
          "prototype",
          "toString",
          "valueOf",
          "hasOwnProperty",
          "__defineGetter__",
          "__lookupGetter__",
          "each of constructor",
          "each of toString",
          "each of __proto__",
          "each of ",
          "each of each of size",
          "_secret",
          "then",
          "",
        ]) {
          const outcome = yield* raw.ask(target, method, "x", "y")
          expect([what, method, outcome.is]).toEqual([
            what,
            method,
            expect.stringMatching(/^(failed|raised)$/) as unknown as string,
          ])
        }
      }
      for (const name of ["constructor", "__proto__", "toString", "burn", ""]) {
        expect(yield* raw.ask(root, "create", name, [])).toMatchObject({ is: "failed", tag: "NotFound" })
        const dict = targets.get("dict") as string
        expect(yield* raw.ask(dict, "by task", name)).toMatchObject({ is: "failed", tag: "NotFound" })
      }
      // A field is no method.
      expect(yield* raw.ask(targets.get("create") as string, "waiting")).toMatchObject({ is: "raised" })
      expect(Object.hasOwn(Object.prototype, "x")).toBe(false)
      expect(yield* raw.ask(targets.get("dict") as string, "items")).toEqual({
        is: "done",
        value: [["a", 1]],
      })
      expect(yield* raw.ask(targets.get("create") as string, "add", 1, 2)).toEqual({ is: "done", value: 3 })
      yield* serves(connect)
    }),
  )

  const odd = [undefined, null, -1, 0.5, Number.NaN, 2 ** 53, "x", {}, [], { length: -1 }]

  onEach("primitives are not put out of order by arguments that are none", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* served({})
      const tools = yield* shelved(manager, "tools", toolsOf(manager))
      const raw = yield* rawClient(server.address)
      const shelf = yield* raw.make(yield* raw.root, "create", "shelf", [])
      const given = yield* raw.ask(shelf, "get", "tools")
      const [theirs] = (given as { readonly value: ReadonlyArray<Record<keyof Tools, object>> }).value
      const idOf = (name: keyof Tools) => idIn({ is: "done", value: theirs?.[name] })
      for (const [name, method] of [
        ["lock", "leave"],
        ["lock", "tryPass"],
        ["semaphore", "seen"],
        ["event", "clear"],
        ["condition", "notify"],
        ["queue", "get"],
      ] as const) {
        for (const value of odd) {
          const asked = raw.ask(idOf(name), method, value, value)
          yield* Effect.timeoutOption(Effect.disconnect(asked), method === "get" ? 20 : 5000)
        }
      }
      raw.socket.destroy()
      yield* becomes(server.connections, 0)
      const { condition, event, lock, queue, semaphore } = tools
      yield* becomes(
        Effect.map(Queue.statistics(queue), (seen) => seen.waitingReaders),
        0,
      )
      yield* within(10)(Queue.put(queue, 5))
      expect(yield* within(10)(Queue.get(queue))).toBe(5)
      yield* within(10)(Lock.acquire(lock))
      yield* Lock.release(lock)
      expect(yield* Semaphore.statistics(semaphore)).toMatchObject({ permits: 1, waitingAgents: 0 })
      yield* within(10)(Semaphore.withPermits(Effect.void, semaphore, 1))
      yield* Event.set(event)
      yield* within(10)(Event.wait(event))
      yield* within(10)(Condition.withLock(Condition.notify(condition), condition))
      yield* serves(connect)
    }),
  )

  onEach("what is no message does not get into a queue", (startMethod) =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* servedAlone({})
      const raw = yield* rawClient(server.address)
      const root = yield* raw.root
      // However it ends: with one of these a manager may do nothing else.
      const process = yield* Manager.process(manager)
      yield* Effect.addFinalizer(() =>
        Effect.orDie(Effect.zipRight(Process.kill(process), Process.join(process))),
      )
      const notes: Array<string> = []
      for (const message of [
        undefined,
        null,
        "x",
        {},
        [],
        { kind: 1 },
        { kind: 1, bytes: "x" },
        { kind: 1, bytes: { length: 1e6 } },
        { kind: 1, bytes: { length: Number.NaN } },
        { kind: 77, bytes: Uint8Array.of(1) },
        { kind: -1, bytes: new Uint8Array(3) },
        { kind: "x", bytes: new Uint8Array(3) },
        // Bytes that say nothing, and what was lent by nobody.
        { kind: 2, bytes: Uint8Array.of(0x92, 1) },
        { kind: 4, bytes: Uint8Array.of(0xa1, 65) },
        // Whoever wrote these would not come to an end: in a thread that is this agent, with all its time-outs.
        ...(startMethod === "spawn" ? [-64, 2 ** 40] : []).map((length) => ({ kind: 1, bytes: { length } })),
      ]) {
        const queue = yield* shelved(manager, "queue", Manager.queue<number>(manager))
        const shelf = yield* raw.make(root, "create", "shelf", [])
        const given = yield* raw.ask(shelf, "get", "queue")
        const [theirs] = (given as { readonly value: ReadonlyArray<unknown> }).value
        const put = yield* raw.ask(idIn({ is: "done", value: theirs }), "put", message, 10)
        if (put.is !== "failed") notes.push(`${JSON.stringify(message)}: ${put.is}`)
        yield* within(5)(Queue.put(queue, 5))
        // Whoever gets is not the one to blame.
        let got: unknown
        for (let i = 0; i < 3 && got !== 5; i++) {
          const exit = yield* within(10)(Effect.exit(Queue.getWithin(queue, "3 seconds")))
          got = Exit.isSuccess(exit) ? exit.value : undefined
          if (got !== 5)
            notes.push(`${JSON.stringify(message)}: got ${Exit.isSuccess(exit) ? "something" : "a failure"}`)
        }
        if (got !== 5) notes.push(`${JSON.stringify(message)}: what comes after it is lost`)
      }
      expect(notes).toEqual([])
      yield* serves(connect)
    }),
  )

  onEach("ids that are made up reach nothing, be it what others have or what nobody has", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* served({})
      const secret = yield* Manager.dict(manager, [["secret", 1]])
      const lock = yield* Manager.lock(manager)
      const atHome = BaseProxy.share(new Map([["private", 1]]))
      const idOf = (handle: object) =>
        (Object.values(handle) as ReadonlyArray<{ id: string }>)[0]?.id as string
      const raw = yield* rawClient(server.address)
      const root = yield* raw.root
      const mine = yield* raw.make(root, "dict", [])
      const ids = [secret, lock, atHome].map(idOf)
      for (const id of [...ids, "root", "loans", "nobody", "/", `${root}/root`, "constructor", "__proto__"]) {
        for (const method of ["get", "size", "keys", "pass", "lend", "borrow"]) {
          const outcome = yield* raw.ask(id, method, "secret", 1)
          expect([id, method, outcome]).toEqual([id, method, expect.objectContaining({ is: "failed" })])
        }
        // As this client would name it, and as the manager does.
        for (const handle of [forged(id), { [PROXY]: { id } }, { [PROXY]: { id, times: 1 } }]) {
          yield* raw.ask(mine, "clear")
          yield* raw.ask(mine, "set", "k", handle)
          const outcome = yield* raw.ask(mine, "get", "k")
          const found = outcome.is === "done" ? (outcome.value as ReadonlyArray<any>)[0] : undefined
          if (found === undefined) continue
          const reached = yield* raw.ask(found[PROXY].id, "items")
          expect([id, reached]).toEqual([id, expect.objectContaining({ is: "failed" })])
        }
      }
      expect(yield* DictProxy.items(secret)).toEqual([["secret", 1]])
      yield* serves(connect)
    }),
  )

  const halves: ReadonlyArray<unknown> = [
    null,
    7,
    "x",
    {},
    { id: 7 },
    { id: null },
    { id: {} },
    [],
    { id: "raw/" },
  ]

  onEach(
    "handles that are none are refused, or who sends them is",
    () => {
      const [lines, logging] = warnings()
      return Effect.gen(function* () {
        const { connect, manager, server } = yield* servedAlone({})
        const before = yield* objectsOf(manager)
        const types = Object.keys({
          ...(yield* Manager.lock(manager)),
          ...(yield* Manager.queue(manager)),
          [PROXY]: 0,
        })
        for (const typeId of types) {
          for (const half of halves) {
            const raw = yield* rawClient(server.address)
            const dict = yield* raw.make(yield* raw.root, "dict", [])
            const set = raw.ask(dict, "set", "k", { [typeId]: half })
            yield* Effect.raceFirst(set, raw.over)
            raw.socket.destroy()
          }
        }
        expect(types.length).toBe(3)
        yield* serves(connect)
        yield* becomes(server.connections, 0)
        yield* becomes(objectsOf(manager), before)
        for (const line of lines) expect(line).toMatch(/^A connection of a manager is closed/)
      }).pipe(Effect.provide(logging))
    },
    90,
  )

  onEach("who numbers two calls alike leaves nothing behind", () =>
    Effect.gen(function* () {
      const { connect, manager, server } = yield* served({})
      const lock = yield* shelved(manager, "lock", Manager.lock(manager))
      yield* Lock.acquire(lock)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const raw = yield* rawClient(server.address)
          const shelf = yield* raw.make(yield* raw.root, "create", "shelf", [])
          const given = (yield* raw.ask(shelf, "get", "lock")) as { readonly value: ReadonlyArray<object> }
          const target = idIn({ is: "done", value: given.value[0] })
          raw.say(calling({ target, method: "pass", ids: [1000, 1000, 1000], args: [1, 1, 1] }))
          yield* Effect.sleep(100)
        }),
      )
      yield* becomes(server.connections, 0)
      yield* Lock.release(lock)
      yield* within(10)(Lock.acquire(lock))
      yield* Lock.release(lock)
      yield* serves(connect)
    }),
  )
})
