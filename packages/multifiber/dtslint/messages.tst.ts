import type * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Sink from "effect/Sink"
import type * as Stream from "effect/Stream"
import * as Connection from "multifiber/Connection"
import * as ConnectionSync from "multifiber/ConnectionSync"
import type {
  BadLength,
  BrokenPipe,
  Closed,
  Empty,
  EncodingFailed,
  Eof,
  Full,
  IllegalState,
  InvalidArgument,
  ShutDown,
  TimedOut,
  WrongDirection,
} from "multifiber/Errors"
import * as JoinableQueue from "multifiber/JoinableQueue"
import type * as Lock from "multifiber/Lock"
import * as Pipe from "multifiber/Pipe"
import * as Queue from "multifiber/Queue"
import * as QueueSync from "multifiber/QueueSync"
import * as SimpleQueue from "multifiber/SimpleQueue"
import * as Waitable from "multifiber/Waitable"
import { describe, expect, it } from "tstyche"

declare const queue: Queue.Queue<string>
declare const joinable: JoinableQueue.JoinableQueue<string>
declare const simple: SimpleQueue.SimpleQueue<string>
declare const end: Connection.Connection<"out", "in">
declare const sentinel: Waitable.Waitable
declare const lock: Lock.Lock
declare const needy: Schema.Schema<Date, string, "service">
declare const text: Connection.Connection<string, string>
declare const dates: Connection.Connection<string, number>

describe("Queue", () => {
  it("has the type of its values", () => {
    expect(Queue.make<string>()).type.toBe<Effect.Effect<Queue.Queue<string>, InvalidArgument>>()
    expect(Queue.get(queue)).type.toBe<Effect.Effect<string, Closed | ShutDown>>()
    expect(Queue.getWithin(queue, 10)).type.toBe<Effect.Effect<string, Empty | Closed | ShutDown>>()
    expect(Queue.tryGet(queue)).type.toBe<Effect.Effect<Option.Option<string>, Closed | ShutDown>>()
    expect(Queue.put(queue, "a")).type.toBe<Effect.Effect<void, EncodingFailed | Closed | ShutDown>>()
    expect(pipe(queue, Queue.putWithin("a", 10))).type.toBe<
      Effect.Effect<void, EncodingFailed | Full | Closed | ShutDown>
    >()
    expect(Queue.tryPut(queue, "a")).type.toBe<Effect.Effect<boolean, EncodingFailed | Closed | ShutDown>>()
    expect(QueueSync.getSync(queue)).type.toBe<string>()
    expect(Queue.toStream(queue)).type.toBe<Stream.Stream<string, Closed>>()
    expect(Queue.toSink(queue)).type.toBe<
      Sink.Sink<void, string, never, EncodingFailed | Closed | ShutDown>
    >()
  })

  it("is invariant, since one may put and get", () => {
    expect<Queue.Queue<string>>().type.not.toBeAssignableTo<Queue.Queue<string | number>>()
    expect<Queue.Queue<string | number>>().type.not.toBeAssignableTo<Queue.Queue<string>>()
    expect<SimpleQueue.SimpleQueue<string>>().type.not.toBeAssignableTo<SimpleQueue.SimpleQueue<unknown>>()
    expect(Queue.put).type.not.toBeCallableWith(queue, 1)
    expect(QueueSync.putSync).type.not.toBeCallableWith(queue, 1)
  })

  it("is used as a queue where it is joinable, and not the other way round", () => {
    expect(joinable).type.toBeAssignableTo<Queue.Queue<string>>()
    expect(Queue.get(joinable)).type.toBe<Effect.Effect<string, Closed | ShutDown>>()
    expect(JoinableQueue.taskDone(joinable)).type.toBe<Effect.Effect<void, IllegalState>>()
    expect(JoinableQueue.joinWithin(joinable, 10)).type.toBe<Effect.Effect<void, TimedOut>>()
    expect(JoinableQueue.join).type.not.toBeCallableWith(queue)
    expect(Queue.get).type.not.toBeCallableWith(simple)
    expect(Queue.get).type.not.toBeCallableWith(lock)
  })

  it("that is simple is never shut down", () => {
    expect(SimpleQueue.get(simple)).type.toBe<Effect.Effect<string, Closed>>()
    expect(SimpleQueue.put(simple, "a")).type.toBe<Effect.Effect<void, EncodingFailed | Closed>>()
  })
})

describe("Queue.forSchema", () => {
  it("has the values of the schema in a queue of what it makes of them", () => {
    const view = Queue.forSchema(queue, Schema.Date)
    expect(view).type.toBe<Queue.SchemaQueue<Date>>()
    expect(pipe(joinable, Queue.forSchema(Schema.Date))).type.toBe<Queue.SchemaQueue<Date>>()
    expect(view.get).type.toBe<Effect.Effect<Date, EncodingFailed | Closed | ShutDown>>()
    expect(view.putWithin(new Date(), 10)).type.toBe<
      Effect.Effect<void, EncodingFailed | Full | Closed | ShutDown>
    >()
    expect(view.put).type.not.toBeCallableWith("2030-01-01")
    expect(Queue.forSchema).type.not.toBeCallableWith(queue, Schema.Number)
    expect(view).type.not.toBeAssignableTo<Queue.Queue<unknown>>()
  })

  it("takes no schema that needs a service", () => {
    expect(Queue.forSchema).type.not.toBeCallableWith(queue, needy)
  })
})

describe("Connection", () => {
  it("sends what the other end receives", () => {
    expect(Pipe.make<"there", "back">()).type.toBe<
      Effect.Effect<
        readonly [Connection.Connection<"there", "back">, Connection.Connection<"back", "there">],
        never,
        Scope.Scope
      >
    >()
    expect(Connection.recv(end)).type.toBe<Effect.Effect<"in", Eof | Closed | WrongDirection>>()
    expect(Connection.recvWithin(end, 10)).type.toBe<
      Effect.Effect<"in", Eof | Closed | WrongDirection | TimedOut>
    >()
    expect(Connection.send(end, "out")).type.toBe<
      Effect.Effect<void, EncodingFailed | BrokenPipe | Closed | WrongDirection>
    >()
    expect(Connection.recvBytes(end)).type.toBe<
      Effect.Effect<Uint8Array, Eof | Closed | WrongDirection | BadLength | InvalidArgument>
    >()
    expect(Connection.send).type.not.toBeCallableWith(end, "in")
    expect(ConnectionSync.sendSync).type.not.toBeCallableWith(end, "in")
    expect(ConnectionSync.recvSync(end)).type.toBe<"in">()
  })

  it("is contravariant in what it sends, covariant in what it receives", () => {
    type Text = Connection.Connection<string, string>
    expect<Text>().type.toBeAssignableTo<Connection.Connection<"a", unknown>>()
    expect<Text>().type.not.toBeAssignableTo<Connection.Connection<string | number, string>>()
    expect<Text>().type.not.toBeAssignableTo<Connection.Connection<string, "a">>()
  })
})

describe("Connection.forSchema", () => {
  it("has one schema, or one for each direction", () => {
    expect(Connection.forSchema(text, Schema.Date)).type.toBe<Connection.SchemaConnection<Date, Date>>()
    expect(pipe(text, Connection.forSchema(Schema.Date))).type.toBe<Connection.SchemaConnection<Date, Date>>()
    const both = { send: Schema.Date, receive: Schema.Int }
    const view = Connection.forSchema(dates, both)
    expect(view).type.toBe<Connection.SchemaConnection<Date, number>>()
    expect(pipe(dates, Connection.forSchema(both))).type.toBe<Connection.SchemaConnection<Date, number>>()
    expect(view.recv).type.toBe<Effect.Effect<number, EncodingFailed | Eof | Closed | WrongDirection>>()
    expect(view.send).type.not.toBeCallableWith(1)
    expect(Connection.forSchema).type.not.toBeCallableWith(dates, Schema.Date)
    expect(Connection.forSchema).type.not.toBeCallableWith(dates, { send: Schema.Int, receive: Schema.Date })
    expect(Connection.forSchema).type.not.toBeCallableWith(text, needy)
  })
})

describe("Waitable", () => {
  it("gives the sources that are ready, and fails only where they can", () => {
    expect(Waitable.wait([sentinel])).type.toBe<Effect.Effect<ReadonlyArray<Waitable.Waitable>>>()
    expect(Waitable.wait([queue])).type.toBe<
      Effect.Effect<ReadonlyArray<Queue.Queue<string>>, Closed | WrongDirection>
    >()
    expect(Waitable.waitWithin([queue, end, sentinel], 10)).type.toBe<
      Effect.Effect<
        ReadonlyArray<Queue.Queue<string> | Connection.Connection<"out", "in"> | Waitable.Waitable>,
        Closed | WrongDirection
      >
    >()
    expect(Waitable.isReady(sentinel)).type.toBe<Effect.Effect<boolean>>()
    expect(Waitable.wait).type.not.toBeCallableWith([lock])
  })
})
