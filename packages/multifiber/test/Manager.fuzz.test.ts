/**
 * Programs that a manager trusts call whatever comes to their minds, and break the rules. MULTIFIBER_FUZZ says how many of them;
 * some hundreds where it does not.
 */
import process from "node:process"
import { expect } from "@effect/vitest"
import { collectApart } from "@multifiber/testkit/garbage"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { packCalls } from "../src/agent/Batch.ts"
import * as BaseProxy from "../src/BaseProxy.ts"
import * as DictProxy from "../src/DictProxy.ts"
import * as Lock from "../src/Lock.ts"
import * as Manager from "../src/Manager.ts"
import type { Platform } from "../src/Platform.ts"
import * as Queue from "../src/Queue.ts"
import { TypeId as PROXY } from "../src/sync/managed.ts"
import { Op } from "../src/wire/Protocol.ts"
import { shop } from "./fixtures/serving.ts"
import { Growth, garbage, mutated, oneOf, type Random, randomOf } from "./fuzzing.ts"
import { within } from "./live.ts"
import { forged, framed, type RawClient, rawClient } from "./rawClients.ts"
import { onEach } from "./startMethods.ts"

/** So many for each start method. */
const CLIENTS = Number(process.env.MULTIFIBER_FUZZ ?? 400) / 4
const AT_ONCE = 8

/** What a manager makes, by what it is called. */
const MAKINGS: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
  ["dict", [[["a", 1]]]],
  ["list", [[1, 2, 3]]],
  ["set", [["a"]]],
  ["namespace", [{ x: 1 }]],
  ["create", ["desk", []]],
  ["create", ["vault", []]],
  ["create", ["shelf", []]],
  ["Lock", []],
  ["RLock", []],
  ["Semaphore", [2]],
  ["BoundedSemaphore", [2]],
  ["Event", []],
  ["Condition", []],
  ["Barrier", [2, {}]],
  ["Queue", [{ capacity: 3 }]],
  ["JoinableQueue", [{}]],
  ["SimpleQueue", []],
  ["Value", ["i32", 1]],
  ["Array", ["i32", 3]],
]

/** Methods of all sorts of things, and of nothing: but those that take as long as a number says. */
const METHODS = [
  ...[
    "get",
    "set",
    "has",
    "setDefault",
    "remove",
    "pop",
    "popItem",
    "update",
    "keys",
    "items",
    "size",
    "copy",
  ],
  ...["append", "extend", "insert", "slice", "setSlice", "removeAt", "sort", "reverse", "indexOf", "concat"],
  ...["add", "discard", "union", "difference", "iterate", "next", "end", "wait", "seen", "drawer", "read"],
  ...["pass", "tryPass", "leave", "isLocked", "isSet", "notify", "meet", "waiting", "put", "putBack", "poll"],
  ...[
    "shutdown",
    "taskDone",
    "join",
    "joinWithin",
    "unfinishedTasks",
    "permits",
    "reset",
    "abort",
    "fetchAdd",
  ],
  ...[
    "open",
    "_open",
    "each of open",
    "each of _open",
    "each of count",
    "opened",
    "count",
    "by task",
    "_secret",
  ],
  ...["constructor", "__proto__", "toString", "hasOwnProperty", "prototype", "then", "", "send", "recv"],
  ...["create", "dict", "list", "set", "namespace", "Lock", "Queue", "Semaphore", "ready"],
]

const WORDS = [
  "a",
  "x",
  "burn",
  "vault",
  "desk",
  "shelf",
  "count",
  "constructor",
  "__proto__",
  "i32",
  "length",
]

/** A value, also such as no side of this library sends. */
const valueFrom = (random: Random, ids: ReadonlyArray<string>, depth = 0): unknown => {
  switch (random(depth > 2 ? 8 : 12)) {
    case 0:
      return undefined
    case 1:
      return null
    case 2:
      return random(5) - 2
    case 3:
      return oneOf(random, [0.5, Number.NaN, -0, true, false, 2n ** 70n, "1"])
    case 4:
    case 5:
      return oneOf(random, WORDS)
    case 6:
      return garbage(random, 20)
    case 7:
      return { kind: random(6), bytes: garbage(random, 20) }
    case 8:
      return forged(
        oneOf(random, [...ids, "nobody", ""]),
        oneOf(random, [PROXY, "~multifiber/Lock", "~multifiber/Queue"]),
      )
    case 9:
      return { [oneOf(random, [PROXY, "~multifiber/Lock"])]: valueFrom(random, ids, depth + 1) }
    case 10:
      return Array.from({ length: random(4) }, () => valueFrom(random, ids, depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random(3) }, () => [
          oneOf(random, ["a", "times", "from"]),
          valueFrom(random, ids, depth + 1),
        ]),
      )
  }
}

/** A message of a client, more or less. Its calls have numbers of their own. */
const messageOf = (random: Random, ids: ReadonlyArray<string>, number: () => number): Uint8Array => {
  const target = () => oneOf(random, [...ids, ...ids, ...ids, "nobody", "root", "loans", "/", "__proto__"])
  const value = () => valueFrom(random, ids)
  const message = (): unknown => {
    switch (random(12)) {
      case 0:
        return { op: Op.Cancel, id: 1 + random(20) }
      case 1:
        return { op: Op.Release, target: target(), times: random(3) }
      case 2:
        return { op: Op.Left, agent: oneOf(random, ["", "1", "1:2", "s1"]) }
      case 3:
        return { op: random(25), id: value(), target: value(), runs: value(), agent: value() }
      default:
        return packCalls(
          Array.from({ length: 1 + random(4) }, () => {
            const args = Array.from({ length: random(4) }, value)
            return [
              number(),
              {
                from: oneOf(random, ["", "1", "1:1"]),
                target: target(),
                method: oneOf(random, METHODS),
                args,
              },
            ]
          }),
        )
    }
  }
  return framed(message())
}

/**
 * Makes some things, and says all sorts of things. Then it hangs up, waits for an answer or until it is hung up on, or says what may be
 * the beginning of something, and no more.
 */
const spray = (raw: RawClient, random: Random, onSent: () => void) =>
  Effect.gen(function* () {
    const root = yield* raw.root
    const ids = [root]
    for (let i = random(4); i > 0; i--) {
      const [what, args] = oneOf(random, MAKINGS)
      ids.push(yield* raw.make(root, what, ...args))
    }
    let last = 1000
    const says = () => messageOf(random, ids, () => ++last)
    const say = (message: Uint8Array) => {
      raw.socket.write(message)
      onSent()
    }
    for (let i = 1 + random(8); i > 0; i--) say(says())
    const how = random(4)
    if (how === 0) return
    if (how === 1) {
      say(mutated(random, says()))
      raw.socket.end(() => {})
      yield* raw.over
    } else yield* Effect.raceFirst(Effect.asVoid(raw.ask(root, "size")), raw.over)
  })

onEach(
  "whatever those say that are trusted, nothing is run that is not for them, and the others are served",
  (startMethod) =>
    Effect.gen(function* () {
      const manager = yield* within(20)(Manager.make({ register: Object.values(shop) }))
      const server = yield* Manager.serve(manager)
      const client = yield* within(10)(Manager.connect(server.address))
      const dict = yield* Manager.dict<string, number>(client)
      const queue = yield* Manager.queue<number>(client)
      const lock = yield* Manager.lock(client)
      const vault = yield* Manager.create(manager, shop.vault, [])
      yield* Manager.create(manager, shop.shelf, [])
      const objects = Effect.map(Manager.statistics(manager), (seen) => seen.objects)
      const atFirst = yield* objects
      /** Who keeps the rules is served. */
      const serves = (n: number) =>
        within(20)(
          Effect.gen(function* () {
            yield* DictProxy.set(dict, "n", n)
            expect(Option.isSome(yield* DictProxy.get(dict, "n"))).toBe(true)
            yield* Lock.withLock(Queue.put(queue, n), lock)
            expect(yield* Queue.get(queue)).toBeTypeOf("number")
          }),
        )
      const seed = Number(process.env.MULTIFIBER_FUZZ_SEED ?? Date.now() % 2 ** 32)
      console.log(`seed ${seed}`)
      const random = randomOf(seed)
      const growth = new Growth()
      let sent = 0
      const visit = (n: number): Effect.Effect<void, unknown, Platform> =>
        Effect.gen(function* () {
          if (n === Math.floor(CLIENTS / 4)) growth.begin()
          yield* within(30)(
            Effect.scoped(
              Effect.flatMap(rawClient(server.address), (raw) => spray(raw, random, () => sent++)),
            ),
          )
          if (n % 20 === 0) yield* serves(n)
        })
      yield* Effect.forEach(Array.from({ length: CLIENTS }).keys(), visit, {
        concurrency: AT_ONCE,
        discard: true,
      })
      yield* serves(0)
      expect(yield* BaseProxy.call(vault as BaseProxy.BaseProxy<{ count: () => number }>, "count")).toBe(0)
      expect(Object.keys(Object.prototype)).toEqual([])
      const end = performance.now() + 10_000
      const counted = Effect.all([server.connections, objects])
      let seen = yield* counted
      while (seen.join() !== `1,${atFirst}` && performance.now() < end) {
        yield* Effect.promise(collectApart)
        yield* Effect.sleep(20)
        seen = yield* counted
      }
      expect(seen).toEqual([1, atFirst])
      growth.end(`${sent} messages of ${CLIENTS} clients of a manager by ${startMethod}`)
    }).pipe(Logger.withMinimumLogLevel(LogLevel.Error)),
  120 + CLIENTS / 10,
)
