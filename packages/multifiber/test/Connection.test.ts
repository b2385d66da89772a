/** Pipes between fibers of one agent, between agents, and after the death of one. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Connection from "../src/Connection.ts"
import * as ConnectionSync from "../src/ConnectionSync.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import { pipeFibers } from "./fixtures/pipeFibers.ts"
import { pipes } from "./fixtures/pipes.ts"
import { reached, within } from "./live.ts"
import { ended, onEach, onThreads, resultOf, run, type StartMethods, tasksOn } from "./startMethods.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown, Scope.Scope>, seconds = 20) =>
  it.scopedLive(name, () => within(seconds)(body()), 1000 * seconds + 5000)

type End = Connection.Connection<any, any>

const pipe = (options?: { readonly duplex?: boolean }) => Pipe.make<any, any>(options)

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

const bytes = (text: string) => new TextEncoder().encode(text)

const elapsed = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const begin = performance.now()
    return Effect.map(self, (value) => [value, performance.now() - begin] as const)
  })

const tagged = (_tag: string) => expect.objectContaining({ _tag })

/** The failure of an effect whose success is not expected. */
const failure = (self: Effect.Effect<unknown, unknown>) => within(5)(Effect.flip(self))

const large = (length: number) => {
  const all = new Uint8Array(length)
  for (let i = 0; i < length; i++) all[i] = i % 251
  return all
}

const isLarge = (all: Uint8Array) => all.every((byte, index) => byte === index % 251)

describe("Connection, in one agent", () => {
  fibers("a pipe goes both ways, or one: then the first end receives and the second sends", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      yield* Connection.send(left, "there")
      yield* Connection.send(right, "back")
      expect([yield* Connection.recv(right), yield* Connection.recv(left)]).toEqual(["there", "back"])
      const [reader, writer] = yield* pipe({ duplex: false })
      const directions = (end: End) => Effect.all([Connection.isReadable(end), Connection.isWritable(end)])
      expect([yield* directions(left), yield* directions(reader), yield* directions(writer)]).toEqual([
        [true, true],
        [true, false],
        [false, true],
      ])
      yield* Connection.send(writer, 1)
      expect(yield* Connection.recv(reader)).toBe(1)
      const wrong = { _tag: "WrongDirection" }
      for (const act of [
        Connection.send(reader, 1),
        Connection.sendBytes(reader, bytes("x")),
        Connection.recv(writer),
        Connection.recvWithin(writer, "10 seconds"),
        Connection.recvBytes(writer),
        Connection.recvBytesInto(writer, new Uint8Array(1)),
        Connection.poll(writer),
        Connection.poll(writer, "10 seconds"),
      ]) {
        expect(yield* failure(act)).toMatchObject(wrong)
      }
      expect(() => ConnectionSync.sendSync(reader, 1)).toThrow(tagged("WrongDirection"))
      expect(() => ConnectionSync.recvSync(writer)).toThrow(tagged("WrongDirection"))
      expect(() => ConnectionSync.pollSync(writer)).toThrow(tagged("WrongDirection"))
    }),
  )

  fibers("CONN-07 where nothing is pending, poll says so at once, or after its timeout", () =>
    Effect.gen(function* () {
      const [left] = yield* pipe()
      for (const poll of [
        (timeout?: number) => Connection.poll(left, timeout),
        (timeout?: number) => Effect.sync(() => ConnectionSync.pollSync(left, timeout)),
      ]) {
        for (const [timeout, least, most] of [
          [undefined, 0, 60],
          [-1, 0, 60],
          [100, 60, 1000],
        ] as const) {
          const [isReady, took] = yield* elapsed(poll(timeout))
          expect(isReady).toBe(false)
          expect(took).toBeGreaterThanOrEqual(least)
          expect(took).toBeLessThan(most + 500)
        }
      }
    }),
  )

  fibers("poll without an end waits until there is something", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const forever = yield* Effect.fork(Connection.poll(left, Number.POSITIVE_INFINITY))
      yield* Effect.sleep(50)
      expect((yield* Fiber.status(forever))._tag).toBe("Suspended")
      yield* Connection.send(right, 1)
      expect(yield* within(5)(Fiber.join(forever))).toBe(true)
    }),
  )

  fibers("CONN-13 a part of a buffer is sent, and what lies beyond it is refused", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const latin = bytes("abcdefghijklmnopqrstuvwxyz")
      const parts = [{}, { offset: 5 }, { offset: 7, size: 8 }, { offset: 26 }, { offset: 26, size: 0 }]
      const expected = [latin, latin.slice(5), latin.slice(7, 15), bytes(""), bytes("")]
      for (const part of parts) yield* Connection.sendBytes(left, latin, part)
      for (const each of expected) expect(yield* Connection.recvBytes(right)).toEqual(each)
      for (const part of parts) ConnectionSync.sendBytesSync(left, latin, part)
      for (const each of expected) expect(ConnectionSync.recvBytesSync(right)).toEqual(each)
      for (const part of [
        { offset: 27 },
        { offset: 22, size: 5 },
        { offset: 26, size: 1 },
        { offset: -1 },
        { offset: 4, size: -1 },
        { offset: 0.5 },
        { offset: Number.NaN },
        { offset: 0, size: 1.5 },
      ]) {
        expect(yield* failure(Connection.sendBytes(left, latin, part))).toMatchObject({
          _tag: "InvalidArgument",
        })
        expect(() => ConnectionSync.sendBytesSync(left, latin, part)).toThrow(tagged("InvalidArgument"))
      }
      for (const no of ["text", null, [1], new ArrayBuffer(1)]) {
        expect(yield* failure(Connection.sendBytes(left, no as never))).toMatchObject({
          _tag: "InvalidArgument",
        })
      }
      expect(yield* Connection.poll(right)).toBe(false)
    }),
  )

  fibers("any view of a buffer is sent as its bytes, at the time of sending", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const memory = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).buffer
      for (const view of [
        new Uint16Array(memory, 2, 3),
        new DataView(memory, 3, 5),
        new Float64Array(memory, 0, 1),
        new Uint8Array(memory, 11, 1),
      ]) {
        const expected = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice()
        yield* Connection.sendBytes(left, view)
        expect(yield* Connection.recvBytes(right)).toEqual(expected)
      }
      const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(5)
      yield* Connection.sendBytes(left, shared)
      shared.fill(6)
      expect(yield* Connection.recvBytes(right)).toEqual(new Uint8Array([5, 5, 5, 5]))
    }),
  )

  fibers("CONN-15 at the end of the scope both ends are closed", () =>
    Effect.gen(function* () {
      const ends = yield* Effect.scoped(
        Effect.gen(function* () {
          const [left, right] = yield* pipe()
          yield* Connection.send(left, 1729)
          expect(yield* Connection.recv(right)).toBe(1729)
          expect(yield* Connection.isClosed(left)).toBe(false)
          return [left, right]
        }),
      )
      for (const end of ends) {
        expect(yield* Connection.isClosed(end)).toBe(true)
        for (const act of [
          Connection.recv(end),
          Connection.recvWithin(end, "10 seconds"),
          Connection.send(end, 1),
          Connection.poll(end),
          Connection.recvBytes(end),
          Connection.sendBytes(end, bytes("x")),
        ]) {
          expect(yield* failure(act)).toMatchObject({ _tag: "Closed", what: "connection" })
        }
        expect(() => ConnectionSync.recvSync(end)).toThrow(tagged("Closed"))
        expect(() => ConnectionSync.sendSync(end, 1)).toThrow(tagged("Closed"))
        yield* Connection.close(end)
      }
    }),
  )

  fibers("CONN-16 an empty message counts, and poll takes nothing", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      expect(yield* Connection.poll(left)).toBe(false)
      yield* Connection.sendBytes(right, new Uint8Array(0))
      expect([yield* Connection.poll(left), yield* Connection.poll(left, 100)]).toEqual([true, true])
      expect(ConnectionSync.pollSync(left)).toBe(true)
      expect(yield* Connection.recvBytes(left)).toEqual(new Uint8Array(0))
      expect(yield* Connection.poll(left)).toBe(false)
    }),
  )

  fibers(
    "CONN-20 what was sent before the other end closed is received, then comes the end, again and again",
    () =>
      Effect.gen(function* () {
        const [left, right] = yield* pipe()
        yield* Connection.send(right, "x")
        yield* Connection.sendBytes(right, new Uint8Array(0))
        yield* Connection.close(right)
        expect(yield* Connection.recv(left)).toBe("x")
        expect(yield* Connection.poll(left)).toBe(true)
        expect(yield* Connection.recvBytes(left)).toEqual(new Uint8Array(0))
        expect(yield* Connection.poll(left)).toBe(true)
        for (const act of [Connection.recv(left), Connection.recv(left), Connection.recvWithin(left, 0)]) {
          expect(yield* failure(act)).toMatchObject({ _tag: "Eof" })
        }
        expect(() => ConnectionSync.recvSync(left)).toThrow(tagged("Eof"))
        // The other way it is broken.
        expect(yield* failure(Connection.send(left, 1))).toMatchObject({ _tag: "BrokenPipe" })
        expect(() => ConnectionSync.sendSync(left, 1)).toThrow(tagged("BrokenPipe"))
      }),
  )

  fibers("CONN-22 a message that is too long is the last that is received", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      for (let i = 0; i < 3; i++) yield* Connection.sendBytes(right, bytes("12345"))
      expect((yield* Connection.recvBytes(left, { maxLength: 5 })).length).toBe(5)
      expect(yield* failure(Connection.recvBytes(left, { maxLength: 4 }))).toMatchObject({
        _tag: "BadLength",
        length: 5,
        maxLength: 4,
      })
      expect([yield* Connection.isReadable(left), yield* Connection.isClosed(left)]).toEqual([false, false])
      for (const act of [Connection.recv(left), Connection.recvBytes(left), Connection.poll(left)]) {
        expect(yield* failure(act)).toMatchObject({ _tag: "WrongDirection" })
      }
      yield* Connection.send(left, "still")
      expect(yield* Connection.recv(right)).toBe("still")
      const [reader, writer] = yield* pipe({ duplex: false })
      yield* Connection.sendBytes(writer, bytes("12345"))
      expect(() => ConnectionSync.recvBytesSync(reader, { maxLength: 4 })).toThrow(tagged("BadLength"))
      expect(yield* Connection.isClosed(reader)).toBe(true)
      expect(yield* failure(Connection.send(writer, 1))).toMatchObject({ _tag: "BrokenPipe" })
      for (const maxLength of [-1, Number.NaN]) {
        expect(yield* failure(Connection.recvBytes(right, { maxLength }))).toMatchObject({
          _tag: "InvalidArgument",
        })
      }
    }),
  )

  fibers("who waits when a message is too long receives nothing any more either", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const short = yield* Effect.fork(Effect.flip(Connection.recvBytes(left, { maxLength: 1 })))
      const others = yield* Effect.replicateEffect(Effect.fork(Effect.flip(Connection.recv(left))), 2)
      yield* Effect.sleep(10)
      yield* Connection.sendBytes(right, bytes("12345"))
      expect(yield* within(5)(Fiber.join(short))).toMatchObject({ _tag: "BadLength" })
      yield* Connection.send(right, "late")
      for (const error of yield* within(5)(Fiber.joinAll(others))) {
        expect(error).toMatchObject({ _tag: "WrongDirection" })
      }
    }),
  )

  fibers("bytes are received into a part of a buffer", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const numbers = new Int32Array([1, 2, 3, 4])
      yield* Connection.sendBytes(left, numbers)
      const buffer = new Int32Array(10)
      expect(yield* Connection.recvBytesInto(right, buffer, { offset: 12 })).toBe(16)
      expect([...buffer]).toEqual([0, 0, 0, 1, 2, 3, 4, 0, 0, 0])
      yield* Connection.sendBytes(left, new Uint8Array(0))
      expect(yield* Connection.recvBytesInto(right, buffer, { offset: 40 })).toBe(0)
      for (const offset of [-1, 41, 0.5]) {
        expect(yield* failure(Connection.recvBytesInto(right, buffer, { offset }))).toMatchObject({
          _tag: "InvalidArgument",
          argument: "offset",
        })
      }
      yield* Connection.sendBytes(left, bytes("12345"))
      const error = yield* failure(Connection.recvBytesInto(right, new Uint8Array(4)))
      expect(error).toMatchObject({ _tag: "BufferTooShort", bytes: bytes("12345"), room: 4 })
      ConnectionSync.sendBytesSync(left, bytes("12345"))
      expect(() => ConnectionSync.recvBytesIntoSync(right, new Uint8Array(9), { offset: 5 })).toThrow(
        expect.objectContaining({ _tag: "BufferTooShort", bytes: bytes("12345") }),
      )
      yield* Connection.send(left, "next")
      expect(yield* Connection.recv(right)).toBe("next")
    }),
  )

  fibers("CONN-29 what cannot be encoded fails and sends nothing", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      expect(yield* failure(Connection.send(left, { run: () => 1 }))).toMatchObject({
        _tag: "EncodingFailed",
        subject: "message",
      })
      expect(() => ConnectionSync.sendSync(left, Symbol("s"))).toThrow(tagged("EncodingFailed"))
      yield* Connection.send(left, 5)
      expect([yield* Connection.recv(right), yield* Connection.poll(right)]).toEqual([5, false])
    }),
  )

  fibers(
    "a pipe that is full lets its sender wait, and interruption, a timeout or close leave it as it was",
    () =>
      Effect.gen(function* () {
        const [left, right] = yield* pipe()
        const block = new Uint8Array(1024)
        let sent = 0
        while (ConnectionSync.sendSync(left, block, 0)) sent++
        // As much as a pipe of Linux, or a little less for what the ring needs.
        expect(sent).toBeGreaterThan(48)
        expect(sent).toBeLessThanOrEqual(64)
        expect(ConnectionSync.sendSync(left, block, 50)).toBe(false)
        const waiting = yield* Effect.fork(Connection.send(left, block))
        const given = yield* Effect.fork(Connection.send(left, block))
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(given)
        for (let i = 0; i <= sent; i++) expect((yield* Connection.recvBytes(right)).length).toBe(1024)
        yield* within(5)(Fiber.join(waiting))
        expect(yield* Connection.poll(right, 20)).toBe(false)
        while (ConnectionSync.sendSync(left, block, 0));
        const senders = yield* Effect.replicateEffect(
          Effect.fork(Effect.flip(Connection.send(left, block))),
          2,
        )
        yield* Effect.sleep(20)
        yield* Connection.close(right)
        for (const error of yield* within(5)(Fiber.joinAll(senders))) {
          expect(error).toMatchObject({ _tag: "BrokenPipe" })
        }
      }),
  )

  fibers("close lets go whoever waits at this end, however he waits", () =>
    Effect.gen(function* () {
      for (const ticks of [0, 1, 2, 10]) {
        const [left] = yield* pipe()
        while (ConnectionSync.sendSync(left, new Uint8Array(2 ** 12), 0));
        const waiting: ReadonlyArray<Fiber.Fiber<unknown, unknown>> = [
          yield* Effect.fork(Effect.flip(Connection.recv(left))),
          yield* Effect.fork(Effect.flip(Connection.recvWithin(left, "1 minute"))),
          yield* Effect.fork(Effect.flip(Connection.recvBytes(left))),
          yield* Effect.fork(Effect.flip(Connection.poll(left, "1 minute"))),
          yield* Effect.fork(Effect.flip(Connection.send(left, new Uint8Array(2 ** 12)))),
        ]
        for (let i = 0; i < ticks; i++) yield* i < 5 ? Effect.yieldNow() : Effect.sleep(2)
        yield* Connection.close(left)
        for (const fiber of waiting) {
          expect(yield* within(5)(Fiber.join(fiber))).toMatchObject({ _tag: "Closed" })
        }
      }
    }),
  )

  fibers("an end that has nobody any more lets go whoever waits at the other", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const waiting = yield* Effect.forEach(
        [Connection.recv(left), Connection.recvWithin(left, "1 minute"), Connection.recvBytes(left)],
        (wait) => Effect.fork(Effect.flip(wait as Effect.Effect<unknown, unknown>)),
      )
      const polling = yield* Effect.fork(Connection.poll(left, "1 minute"))
      yield* Effect.sleep(20)
      yield* Connection.close(right)
      for (const error of yield* within(5)(Fiber.joinAll(waiting))) {
        expect(error).toMatchObject({ _tag: "Eof" })
      }
      expect(yield* within(5)(Fiber.join(polling))).toBe(true)
    }),
  )

  fibers("as a stream it ends with the connection, as a sink it waits while the pipe is full", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const sending = yield* Effect.fork(
        Effect.zipRight(Stream.run(Stream.range(0, 19_999), Connection.toSink(left)), Connection.close(left)),
      )
      yield* Effect.sleep(20)
      expect((yield* Fiber.status(sending))._tag).toBe("Suspended")
      const got = yield* Stream.runCollect(Connection.toStream(right))
      expect(Chunk.toReadonlyArray(got)).toEqual(upTo(20_000))
      yield* within(5)(Fiber.join(sending))
      expect(yield* failure(Stream.run(Stream.make(1), Connection.toSink(left)))).toMatchObject({
        _tag: "Closed",
      })
    }),
  )

  fibers("whatever is interrupted, what was sent is received once and in order", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const sent: Array<number> = []
      const got: Array<number> = []
      // Four of them fill the pipe.
      const block = new Uint8Array(16_000)
      const send = (n: number) =>
        Effect.map(Connection.send(left, [n, block]), () => {
          sent.push(n)
        })
      const recv = Effect.map(Connection.recv(right), ([n]) => {
        got.push(n)
      })
      for (let n = 0; n < 300; n++) {
        const fiber = yield* Effect.fork<void, unknown, never>(Math.random() < 0.5 ? send(n) : recv)
        if (Math.random() < 0.5) yield* Effect.yieldNow()
        if (Math.random() < 0.3) yield* Fiber.interruptFork(fiber)
        if (Math.random() < 0.1) yield* Effect.sleep(0)
      }
      for (;;) {
        const message = yield* Effect.exit(Connection.recvWithin(right, 50))
        if (Exit.isFailure(message)) break
        got.push(message.value[0])
      }
      expect(got.filter((n) => sent.includes(n))).toEqual(sent)
      expect(got.length).toBe(sent.length)
    }),
  )
})

const echo = (startMethod: StartMethods) =>
  Effect.gen(function* () {
    const [mine, theirs] = yield* pipe()
    const child = yield* run(tasksOn(startMethod).echo, [theirs])
    yield* Connection.close(theirs)
    const stop = Effect.zipRight(Connection.sendBytes(mine, new Uint8Array(0)), ended(child))
    return { end: mine, stop }
  })

describe("Connection, between agents", () => {
  onEach("CONN-01 a structure comes back equal", (startMethod) =>
    Effect.gen(function* () {
      const { end, stop } = yield* echo(startMethod)
      for (const value of [[1, 2.25, null], { a: new Map([["b", new Set([1n])]]) }, "text", -0, undefined]) {
        yield* Connection.send(end, value)
        expect(yield* Connection.recv(end)).toEqual(value)
      }
      expect(yield* stop).toBe(0)
    }),
  )

  onEach("CONN-02 CONN-05 bytes come back, also where a buffer is too short for them", (startMethod) =>
    Effect.gen(function* () {
      const { end, stop } = yield* echo(startMethod)
      yield* Connection.sendBytes(end, bytes("hello world"))
      expect(yield* Connection.recvBytes(end)).toEqual(bytes("hello world"))
      yield* Connection.sendBytes(end, large(110))
      const error = yield* failure(Connection.recvBytesInto(end, new Uint8Array(40)))
      expect(error).toMatchObject({ _tag: "BufferTooShort", bytes: large(110), room: 40 })
      yield* Connection.sendBytes(end, large(40))
      expect(yield* Connection.recvBytesInto(end, new Uint8Array(40))).toBe(40)
      expect(yield* stop).toBe(0)
    }),
  )

  onEach("CONN-08 poll sees what comes back", (startMethod) =>
    Effect.gen(function* () {
      const { end, stop } = yield* echo(startMethod)
      yield* Connection.send(end, null)
      expect(yield* Connection.poll(end, "10 seconds")).toBe(true)
      expect([
        yield* Connection.poll(end),
        yield* within(5)(Connection.poll(end, Number.POSITIVE_INFINITY)),
      ]).toEqual([true, true])
      expect(yield* Connection.recv(end)).toBeNull()
      expect(yield* stop).toBe(0)
    }),
  )

  onEach(
    "CONN-09 16 MiB come back",
    (startMethod) =>
      Effect.gen(function* () {
        const { end, stop } = yield* echo(startMethod)
        yield* Connection.sendBytes(end, large(2 ** 24))
        const back = yield* Connection.recvBytes(end)
        expect([back.length, isLarge(back)]).toEqual([2 ** 24, true])
        expect(yield* stop).toBe(0)
      }),
    60,
  )

  onThreads(
    "64 MiB go through a pipe of 64 KB, with other messages around them",
    () =>
      Effect.gen(function* () {
        const [mine, theirs] = yield* pipe()
        const child = yield* run(pipes.countBytes, [theirs])
        yield* Connection.sendBytes(mine, large(2 ** 26))
        yield* Connection.sendBytes(mine, bytes("behind"))
        expect(yield* resultOf(child)).toEqual([2 ** 26, true])
        expect(yield* Connection.recvBytes(theirs)).toEqual(bytes("behind"))
      }),
    60,
  )

  onEach("CONN-12 the parent closes its copy right after the start", (startMethod) =>
    Effect.gen(function* () {
      const { end, stop } = yield* echo(startMethod)
      yield* Connection.send(end, "hello")
      expect(yield* Connection.recv(end)).toBe("hello")
      expect(yield* stop).toBe(0)
      expect(yield* failure(Connection.recv(end))).toMatchObject({ _tag: "Eof" })
      expect(yield* failure(Connection.send(end, 1))).toMatchObject({ _tag: "BrokenPipe" })
    }),
  )

  onEach("CONN-18 who polls takes nothing from who receives", (startMethod) =>
    Effect.gen(function* () {
      const [reader, writer] = yield* pipe({ duplex: false })
      const child = yield* run(tasksOn(startMethod).poll, [reader, 5000])
      yield* Effect.sleep(50)
      yield* Connection.send(writer, "first")
      yield* Connection.send(writer, "second")
      yield* Connection.close(writer)
      expect(yield* resultOf(child)).toBe(true)
      yield* ended(child)
      expect(["first", "second"]).toContain(yield* Connection.recv(reader))
    }),
  )

  onEach("CONN-19 messages are not merged", (startMethod) =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* pipe()
      const child = yield* run(tasksOn(startMethod).sendAll, [theirs, ["a", "b", "cd"]])
      yield* Connection.close(theirs)
      const polls = (times: number) => Effect.replicateEffect(Connection.poll(mine, 5000), times)
      expect(yield* Connection.recv(mine)).toBe("a")
      expect(yield* polls(2)).toEqual([true, true])
      expect(yield* Connection.recv(mine)).toBe("b")
      expect(yield* polls(3)).toEqual([true, true, true])
      expect(yield* Connection.recv(mine)).toBe("cd")
      expect(yield* failure(Connection.recv(mine))).toMatchObject({ _tag: "Eof" })
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onEach("CONN-26 a service in a child answers, and ends when it is told", (startMethod) =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* pipe()
      const child = yield* run(tasksOn(startMethod).upper, [theirs])
      const submit = (text: string) => Effect.zipRight(Connection.send(mine, text), Connection.recv(mine))
      expect([yield* submit("hello"), yield* submit("world")]).toEqual(["HELLO", "WORLD"])
      yield* Connection.send(mine, null)
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onEach("a receive without a timeout waits as long as it takes", (startMethod) =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* pipe()
      const child = yield* run(tasksOn(startMethod).sendLater, [theirs, 1000, 123])
      yield* Connection.close(theirs)
      expect(yield* Connection.recv(mine)).toBe(123)
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onEach("CONN-31 what a killed child has sent is received, then comes the end", (startMethod) =>
    Effect.gen(function* () {
      const [reader, writer] = yield* pipe({ duplex: false })
      const { sendAndLive } = startMethod === "thread" ? pipes : pipeFibers
      const flags = startMethod === "thread" ? Flags.make() : new Int32Array(0)
      const child = yield* run(sendAndLive, [writer, flags, "last words"])
      yield* Connection.close(writer)
      expect(yield* within(20)(Connection.recv(reader))).toBe("last words")
      const waiting = yield* Effect.fork(Effect.flip(Connection.recv(reader)))
      yield* Effect.sleep(50)
      expect((yield* Fiber.status(waiting))._tag).toBe("Suspended")
      yield* Process.kill(child)
      expect(yield* within(10)(Fiber.join(waiting))).toMatchObject({ _tag: "Eof" })
      expect(yield* ended(child)).toBe(-9)
    }),
  )

  onThreads("the end comes when the last that has the other end has closed it, or has died", () =>
    Effect.gen(function* () {
      const [reader, writer] = yield* pipe({ duplex: false })
      const flags = Flags.make()
      const closing = yield* run(pipes.hold, [writer, flags])
      const dying = yield* run(pipes.sendAndLive, [writer, Flags.make(), "x"])
      yield* reached(flags, 0)
      expect(yield* Connection.recv(reader)).toBe("x")
      const state = Effect.map(Effect.exit(Connection.recvWithin(reader, 100)), (exit) =>
        Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error._tag : exit,
      )
      yield* Connection.close(writer)
      expect(yield* state).toBe("TimedOut")
      Flags.add(flags, 1)
      expect(yield* ended(closing)).toBe(0)
      expect(yield* state).toBe("TimedOut")
      yield* Process.kill(dying)
      yield* ended(dying)
      expect(yield* within(5)(Effect.repeat(state, { until: (tag) => tag !== "TimedOut" }))).toBe("Eof")
    }),
  )

  onThreads("a sender that waits learns that the last receiver has died", () =>
    Effect.gen(function* () {
      const [reader, writer] = yield* pipe({ duplex: false })
      const flags = Flags.make()
      const child = yield* run(pipes.keep, [reader, flags])
      yield* Connection.close(reader)
      yield* reached(flags, 0)
      while (ConnectionSync.sendSync(writer, new Uint8Array(2 ** 12), 0));
      const waiting = yield* Effect.fork(Effect.flip(Connection.send(writer, new Uint8Array(2 ** 12))))
      yield* Effect.sleep(50)
      yield* Process.kill(child)
      expect(yield* within(10)(Fiber.join(waiting))).toMatchObject({ _tag: "BrokenPipe" })
    }),
  )

  onThreads("several agents send through one end and receive through the other, each message once", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const receivers = yield* Effect.replicateEffect(run(pipes.recvAll, [right]), 2)
      const mine = yield* Effect.fork(Stream.runCollect(Connection.toStream(right)))
      const senders = yield* Effect.forEach(upTo(3), (n) => run(pipes.sendNumbered, [left, n, 3000]))
      yield* Connection.close(left)
      for (const sender of senders) expect(yield* ended(sender)).toBe(0)
      const parts = [
        ...(yield* Effect.forEach(receivers, (child) => Effect.map(resultOf(child), ({ got }) => got))),
        Chunk.toReadonlyArray(yield* within(10)(Fiber.join(mine))),
      ] as ReadonlyArray<ReadonlyArray<readonly [number, number]>>
      const all = parts.flat()
      expect([all.length, new Set(all.map(String)).size]).toEqual([9000, 9000])
      for (const part of parts) {
        for (const sender of upTo(3)) {
          const numbers = part.filter(([from]) => from === sender).map(([, n]) => n)
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
        }
      }
    }),
  )

  onThreads("who polls beside who receives never loses or splits a message", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pipe()
      const polling = yield* run(pipes.pollMany, [right, 2000])
      const receiving = yield* run(pipes.recvAll, [right])
      yield* Connection.close(right)
      const values = upTo(5000).map((n) => "x".repeat(n % 300) + n)
      for (const value of values) yield* Connection.send(left, value)
      yield* Connection.close(left)
      expect((yield* resultOf(receiving)).got).toEqual(values)
      yield* ended(polling)
    }),
  )

  onThreads("an end is passed at any depth of an argument and of a result", () =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* pipe()
      const child = yield* run(pipes.sendDeep, [{ ends: new Map([["end", [theirs]]]) }, "deep"])
      yield* Connection.close(theirs)
      expect(yield* Connection.recv(mine)).toBe("deep")
      yield* ended(child)
      expect(yield* failure(Connection.recv(mine))).toMatchObject({ _tag: "Eof" })
      const maker = yield* run(pipes.makeFilled, [])
      const [made] = (yield* resultOf(maker)).ends as [End]
      yield* ended(maker)
      expect(yield* Connection.recv(made)).toBe("made in a child")
      expect(yield* failure(Connection.recv(made))).toMatchObject({ _tag: "Eof" })
    }),
  )

  for (const usesFirst of [true, false]) {
    onThreads(
      `a child passes an end on to a child of its own${usesFirst ? "" : ", without a look at it"}`,
      () =>
        Effect.gen(function* () {
          const [mine, theirs] = yield* pipe()
          const child = yield* run(pipeFibers.passOn, [theirs, "from below", usesFirst])
          yield* Connection.close(theirs)
          expect(yield* Connection.recv(mine)).toBe("from below")
          expect(yield* failure(Connection.recv(mine))).toMatchObject({ _tag: "Eof" })
          expect(yield* resultOf(child)).toBe(0)
        }),
    )
  }

  onThreads("an end that was given back is open here as it was", () =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* pipe()
      const child = yield* run(pipes.giveBack, [theirs])
      const [back] = (yield* resultOf(child)) as [End]
      yield* ended(child)
      yield* Connection.send(back, "back")
      expect(yield* Connection.recv(mine)).toBe("back")
      yield* Connection.close(back)
      expect(yield* Connection.isClosed(theirs)).toBe(true)
      expect(yield* failure(Connection.recv(mine))).toMatchObject({ _tag: "Eof" })
    }),
  )

  onThreads("an agent that has closed an end may be sent it again", () =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* pipe()
      const pool = yield* Pool.make({ size: 1 })
      for (const value of ["first", "second"]) {
        yield* within(10)(Pool.apply(pool, pipes.sendOnceAndClose, [theirs, value]))
        expect(yield* Connection.recv(mine)).toBe(value)
      }
      yield* Connection.close(theirs)
      expect(yield* failure(Connection.recv(mine))).toMatchObject({ _tag: "Eof" })
    }),
  )

  onThreads("an end that is closed cannot be passed", () =>
    Effect.gen(function* () {
      const [, theirs] = yield* pipe()
      yield* Connection.close(theirs)
      const child = yield* run(pipes.nothing, [theirs])
      const exit = yield* within(10)(Process.result(child))
      expect(exit).toMatchObject({
        _tag: "Failure",
        cause: { _tag: "Fail", error: { _tag: "EncodingFailed" } },
      })
    }),
  )

  onThreads("tasks of a pool receive and send", () =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* pipe()
      const flags = Flags.make()
      const pool = yield* Pool.make({ size: 2 })
      const waiting = yield* Effect.replicateEffect(Pool.applyAsync(pool, pipes.recv, [theirs, flags]), 2)
      yield* reached(flags, 1, 2)
      yield* Connection.send(mine, 1)
      yield* Connection.send(mine, 2)
      const got = yield* Effect.forEach(waiting, (result) => within(10)(AsyncResult.get(result)))
      expect([...got].sort()).toEqual([1, 2])
      // The pool has the end open as long as it lives.
      yield* Connection.close(theirs)
      yield* Connection.send(mine, 3)
      yield* Pool.terminate(pool)
      yield* Pool.join(pool)
      const broken = Effect.repeat(Effect.exit(Connection.send(mine, 4)), { until: Exit.isFailure })
      expect(yield* within(10)(broken)).toMatchObject({ cause: { error: { _tag: "BrokenPipe" } } })
    }),
  )

  onThreads(
    "a large message gets through beside many small ones",
    () =>
      Effect.gen(function* () {
        const [mine, theirs] = yield* pipe()
        const small = yield* Effect.forEach([1, 2], (n) => run(pipes.sendNumbered, [theirs, n, 100_000]))
        const big = yield* run(pipes.sendOnceAndClose, [theirs, large(60_000)])
        yield* Connection.close(theirs)
        let before = 0
        let after = 0
        let arrived = false
        for (;;) {
          const message = yield* Effect.exit(Connection.recv(mine))
          if (Exit.isFailure(message)) break
          if (message.value instanceof Uint8Array) arrived = true
          else if (arrived) after++
          else before++
        }
        expect([arrived, before + after]).toEqual([true, 200_000])
        console.log(`a large message after ${before} small ones, before ${after}`)
        for (const child of [...small, big]) yield* ended(child)
      }),
    60,
  )
})
