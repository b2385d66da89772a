/** Messages by schemas, between fibers and between agents. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Connection from "../src/Connection.ts"
import * as JoinableQueue from "../src/JoinableQueue.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Queue from "../src/Queue.ts"
import { Day, type Encoded, Order, orders } from "./fixtures/orders.ts"
import { within } from "./live.ts"
import { ended, onEach, resultOf, run } from "./startMethods.ts"

const day = Day.make(new Date("2030-06-01T00:00:00.000Z"))
const order = (id: number) => new Order({ id, due: day })
const encoded = (id: number): Encoded => ({ id, due: "2030-06-01T00:00:00.000Z" })

/** No schema lets it be made. */
const wrong = Object.assign(Object.create(Order.prototype), { id: -1, due: day }) as Order

const refused = {
  _tag: "EncodingFailed",
  subject: "message",
  cause: expect.objectContaining({ _tag: "ParseError" }),
}

describe("Queue.forSchema", () => {
  for (const [kind, make] of [
    ["a queue", Queue.make<Encoded>({ capacity: 2 })],
    ["a joinable queue", JoinableQueue.make<Encoded>({ capacity: 2 })],
  ] as const) {
    it.live(`puts into ${kind} what the schema makes of a value, and gets the value`, () =>
      Effect.gen(function* () {
        const queue: Queue.Queue<Encoded> = yield* make
        const view = pipe(queue, Queue.forSchema(Order))
        yield* view.put(order(1))
        expect(yield* view.tryPut(order(2))).toBe(true)
        expect(yield* view.tryPut(order(3))).toBe(false)
        expect(yield* Effect.flip(view.putWithin(order(3), 5))).toMatchObject({ _tag: "Full" })
        expect(yield* Queue.get(queue)).toEqual(encoded(1))
        yield* view.putWithin(order(3), "1 second")
        const got = yield* view.get
        expect([got instanceof Order, got.year, got]).toEqual([true, 2030, order(2)])
        expect(yield* view.tryGet).toEqual(Option.some(order(3)))
        expect(yield* view.tryGet).toEqual(Option.none())
        expect(yield* Effect.flip(view.getWithin(5))).toMatchObject({ _tag: "Empty" })
        yield* Queue.shutdown(queue)
        expect(yield* Effect.flip(view.put(order(4)))).toMatchObject({ _tag: "ShutDown" })
        expect(yield* Effect.flip(view.get)).toMatchObject({ _tag: "ShutDown" })
      }),
    )
  }

  it.live("fails in put for what the schema refuses, and puts nothing", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<Encoded>()
      const view = Queue.forSchema(queue, Order)
      for (const put of [view.put(wrong), view.tryPut(wrong), view.putWithin(wrong, "1 minute")]) {
        const error = yield* within(2)(Effect.flip(put as Effect.Effect<unknown, unknown>))
        expect(error).toMatchObject(refused)
      }
      expect(yield* Queue.size(queue)).toBe(0)
    }),
  )

  it.live("fails in get for what the schema refuses; the next one comes next", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<Encoded>()
      const view = Queue.forSchema(queue, Order)
      for (const get of [view.get, view.getWithin("1 minute"), Effect.map(view.tryGet, Option.getOrThrow)]) {
        yield* Queue.put(queue, { ...encoded(1), due: "never" })
        yield* Queue.put(queue, encoded(2))
        expect(yield* Effect.flip(get)).toMatchObject(refused)
        expect(yield* get).toEqual(order(2))
        expect(yield* Queue.size(queue)).toBe(0)
      }
    }),
  )

  it.live("encodes the value as it is when it is put", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<ReadonlyArray<string>>()
      const list = [1]
      const put = Queue.forSchema(queue, Schema.Array(Schema.NumberFromString)).put(list)
      list.push(2)
      yield* put
      expect(yield* Queue.get(queue)).toEqual(["1", "2"])
    }),
  )

  onEach("a class arrives in another agent as itself, and what its schema refuses does not stop it", () =>
    Effect.gen(function* () {
      const todo = yield* Queue.make<Encoded>()
      const done = yield* Queue.make<Encoded>()
      const child = yield* run(orders.work, [todo, 3, done, encoded(7)])
      const view = Queue.forSchema(todo, Order)
      yield* view.put(order(1))
      yield* Queue.put(todo, { ...encoded(2), id: 0.5 })
      yield* view.put(order(3))
      expect(yield* resultOf(child)).toEqual([2030, "EncodingFailed", 2030])
      const answer = yield* Queue.forSchema(done, Order).get
      expect([answer instanceof Order, answer]).toEqual([true, order(7)])
      expect(yield* ended(child)).toBe(0)
    }),
  )
})

describe("Connection.forSchema", () => {
  it.scopedLive("sends what the schema makes of a value, and receives the value", () =>
    Effect.gen(function* () {
      const [left, right] = yield* Pipe.make<Encoded>()
      const view = pipe(left, Connection.forSchema(Order))
      yield* view.send(order(1))
      expect(yield* Connection.recv(right)).toEqual(encoded(1))
      yield* Connection.send(right, encoded(2))
      yield* Connection.send(right, encoded(3))
      expect([yield* view.recv, yield* view.recvWithin("1 second")]).toEqual([order(2), order(3)])
      expect(yield* Effect.flip(view.recvWithin(5))).toMatchObject({ _tag: "TimedOut" })
      yield* Connection.close(right)
      expect(yield* Effect.flip(view.recv)).toMatchObject({ _tag: "Eof" })
      expect(yield* Effect.flip(view.send(order(4)))).toMatchObject({ _tag: "BrokenPipe" })
    }),
  )

  it.scopedLive("fails for what the schema refuses: nothing is sent, or the next one comes next", () =>
    Effect.gen(function* () {
      const [reader, writer] = yield* Pipe.make<Encoded>({ duplex: false })
      const sending = Connection.forSchema(writer, Order)
      const receiving = Connection.forSchema(reader, Order)
      expect(yield* Effect.flip(sending.send(wrong))).toMatchObject(refused)
      expect(yield* Connection.poll(reader)).toBe(false)
      for (const recv of [receiving.recv, receiving.recvWithin("1 minute")]) {
        yield* Connection.send(writer, { ...encoded(1), due: "never" })
        yield* sending.send(order(2))
        expect(yield* Effect.flip(recv)).toMatchObject(refused)
        expect(yield* recv).toEqual(order(2))
      }
      expect(yield* Effect.flip(receiving.send(order(3)))).toMatchObject({ _tag: "WrongDirection" })
    }),
  )

  onEach("each direction has a schema of its own", () =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* Pipe.make<Encoded, string>()
      const child = yield* run(orders.answer, [theirs, 2])
      yield* Connection.close(theirs)
      const asking = Connection.forSchema(mine, { send: Order, receive: Day })
      for (const id of [1, 2]) {
        yield* asking.send(order(id))
        expect(yield* within(20)(asking.recv)).toEqual(day)
      }
      expect(yield* ended(child)).toBe(0)
      expect(yield* Effect.flip(asking.recv)).toMatchObject({ _tag: "Eof" })
    }),
  )
})
