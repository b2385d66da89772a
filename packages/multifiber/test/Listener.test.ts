/** Connections between programs: what they carry, how they end, and who is not let in. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Client from "../src/Client.ts"
import * as Connection from "../src/Connection.ts"
import * as ConnectionSync from "../src/ConnectionSync.ts"
import * as Listener from "../src/Listener.ts"
import * as Lock from "../src/Lock.ts"
import * as Pipe from "../src/Pipe.ts"
import { type Address, Platform, type Socket } from "../src/Platform.ts"
import * as Waitable from "../src/Waitable.ts"
import { acceptOne, connectAndSend } from "./fixtures/calling.ts"
import { live as anyLive, within } from "./live.ts"
import { ended, onEach, onThreads, resultOf, run } from "./startMethods.ts"

const live: typeof anyLive = (name, body, seconds = 30) =>
  anyLive(name, () => within(seconds - 2)(body()), seconds)

const KEY = { authKey: "calling" }

const TCP: Address = { host: "127.0.0.1", port: 0 }

const hello = [..."multifiber"].map((letter) => letter.charCodeAt(0))

const frame = (...bytes: ReadonlyArray<number>) => Uint8Array.of(0, 0, 0, bytes.length, ...bytes)

/** All that a client says that has no key, and takes messages of 64 MiB. */
const TRUSTED = Uint8Array.of(...frame(...hello, 1, 0, 4, 0, 0, 0, ...Array(32).fill(0)), ...frame(2))

/** The path of a socket in a folder that is gone after the test. */
const unixPath = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "multifiber-socket-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
).pipe(Effect.map((folder) => join(folder, "socket")))

/** A client and the connection that the listener has accepted for it. */
const pair = <A = any>(options: Listener.Options = KEY, clientOptions: Client.Options = options) =>
  Effect.gen(function* () {
    const listener = yield* Listener.make(options)
    const [client, accepted] = yield* Effect.all(
      [Client.connect<A>(Listener.address(listener), clientOptions), Listener.accept<A>(listener)],
      { concurrency: 2 },
    )
    return { listener, client, accepted }
  })

/** A server that knows nothing of handshakes. */
const bareServer = (onSocket: (socket: Socket) => void) =>
  Effect.flatMap(Platform, ({ sockets }) =>
    Effect.acquireRelease(
      Effect.promise(() => sockets.listen(TCP, { onSocket, onError: () => {} })),
      (server) => Effect.sync(() => server.close()),
    ),
  )

/** A program that speaks whatever it likes; what it heard last. */
const stranger = (address: Address) =>
  Effect.gen(function* () {
    const { sockets } = yield* Platform
    const socket = yield* Effect.acquireRelease(
      Effect.promise(() => sockets.connect(address, new AbortController().signal)),
      (socket) => Effect.sync(() => socket.destroy()),
    )
    return { socket, heard: heard(socket) }
  })

const heard = (socket: Socket) => {
  const pieces: Array<number> = []
  let isOver = false
  let onOver = () => {}
  socket.listen({
    onData: (bytes) => pieces.push(...bytes),
    onDrain: () => {},
    onEnd: () => {
      isOver = true
      onOver()
    },
  })
  return {
    pieces,
    over: within(10)(
      Effect.async<ReadonlyArray<number>>((resume) => {
        onOver = () => resume(Effect.succeed(pieces))
        if (isOver) onOver()
      }),
    ),
  }
}

/** What an effect logs, level and text. */
const logged = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
      lines.push(`${logLevel.label} ${[message].flat().join(" ")}`)
    })
    return self.pipe(
      Effect.map((result) => [result, lines] as const),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      Logger.withMinimumLogLevel(LogLevel.Debug),
    )
  })

/** The listener serves those that it trusts. */
const serves = (listener: Listener.Listener) =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* Client.connect<string>(Listener.address(listener), KEY)
      yield* Connection.send(client, "hello")
      const accepted = yield* Listener.accept<never, string>(listener)
      expect(yield* Connection.recv(accepted)).toBe("hello")
    }),
  )

describe("Listener and Client", () => {
  onEach("LSTN-02 a message goes through; after the scope nothing is accepted", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const listener = yield* Scope.extend(Listener.make(KEY), scope)
      const child = yield* run(connectAndSend, [Listener.address(listener), [1729], {}])
      const accepted = yield* Scope.extend(Listener.accept<never, number>(listener), scope)
      expect(yield* Connection.recv(accepted)).toBe(1729)
      yield* Scope.close(scope, Exit.void)
      expect(yield* Effect.flip(Listener.accept(listener))).toMatchObject({
        _tag: "Closed",
        what: "listener",
      })
      expect(yield* Effect.flip(Connection.recv(accepted))).toMatchObject({ _tag: "Closed" })
      expect(yield* resultOf(child)).toBe("done")
    }),
  )

  onEach("LSTN-03 an empty key is a key", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make({ authKey: new Uint8Array() })
      const child = yield* run(connectAndSend, [Listener.address(listener), [1729], { authKey: "" }])
      const accepted = yield* Listener.accept<never, number>(listener)
      expect(yield* Connection.recv(accepted)).toBe(1729)
      expect(yield* resultOf(child)).toBe("done")
      const without = Client.connect(Listener.address(listener))
      expect(yield* Effect.flip(without)).toMatchObject({
        _tag: "AuthFailed",
        reason: "the listener has a key, and wants one",
      })
    }),
  )

  for (const family of ["TCP", "a Unix socket"]) {
    onEach(`LSTN-04 a child connects and says hello, by ${family}`, () =>
      Effect.gen(function* () {
        const address = family === "TCP" ? TCP : yield* unixPath
        const listener = yield* Listener.make({ ...KEY, address })
        const child = yield* run(connectAndSend, [Listener.address(listener), ["hello"], {}])
        const accepted = yield* Listener.accept<never, string>(listener)
        expect(yield* Connection.recv(accepted)).toBe("hello")
        expect(yield* Effect.flip(Connection.recv(accepted))).toMatchObject({ _tag: "Eof" })
        expect(yield* ended(child)).toBe(0)
      }),
    )
  }

  live("LSTN-11 an address of another kind is refused before anything is opened", () =>
    Effect.gen(function* () {
      const addresses = [
        "",
        "\\\\.\\pipe\\test",
        { host: "", port: 1 },
        { host: "localhost", port: 65_536 },
        { host: "localhost", port: 1.5 },
        { host: "localhost", port: "80" },
        { port: 1 },
        7,
        null,
      ] as unknown as ReadonlyArray<Address>
      for (const address of addresses) {
        const attempts = [Listener.make({ address }), Client.connect(address)] as const
        for (const attempt of attempts) {
          expect(
            yield* Effect.flip(Effect.asVoid<unknown, unknown, Platform | Scope.Scope>(attempt)),
          ).toMatchObject({ _tag: "InvalidArgument", argument: "address" })
        }
      }
      const nowhere = Client.connect({ host: "localhost", port: 0 })
      expect(yield* Effect.flip(nowhere)).toMatchObject({ _tag: "InvalidArgument", argument: "address" })
    }),
  )

  live("other arguments that are none are refused, and whoever could be reached without a key", () =>
    Effect.gen(function* () {
      for (const [argument, options] of [
        ["backlog", { backlog: 0 }],
        ["maxMessage", { maxMessage: 0 }],
        ["maxMessage", { maxMessage: 1.5 }],
        ["maxMessage", { maxMessage: 2 ** 30 }],
        ["authKey", { authKey: 7 as never }],
        ["authKey", { address: { host: "0.0.0.0", port: 0 } }],
      ] as const) {
        expect(yield* Effect.flip(Listener.make(options))).toMatchObject({
          _tag: "InvalidArgument",
          argument,
        })
      }
      const { client, accepted } = yield* pair({}, {})
      yield* Connection.send(client, "trusted")
      expect(yield* Connection.recv(accepted)).toBe("trusted")
      yield* Listener.make({ address: { host: "0.0.0.0", port: 0 }, authKey: "k" })
    }),
  )

  live("LSTN-13 it has a port of its own, knows who came last, and may be closed twice", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      const address = Listener.address(listener) as { readonly host: string; readonly port: number }
      expect(address.host).toBe("127.0.0.1")
      expect(address.port).toBeGreaterThan(0)
      expect(yield* Listener.lastAccepted(listener)).toEqual(Option.none())
      yield* serves(listener)
      const last = Option.getOrThrow(yield* Listener.lastAccepted(listener)) as typeof address
      expect(last.host).toBe("127.0.0.1")
      expect(last.port).not.toBe(address.port)
      yield* Listener.close(listener)
      yield* Listener.close(listener)
    }),
  )

  live("an address in use, or where nobody listens, is told of; a closed one can be used at once", () =>
    Effect.gen(function* () {
      for (const wanted of [TCP, yield* unixPath]) {
        const first = yield* Listener.make({ ...KEY, address: wanted })
        const address = Listener.address(first)
        const second = Listener.make({ ...KEY, address })
        expect(yield* Effect.flip(second)).toMatchObject({
          _tag: "ListenFailed",
          cause: { code: "EADDRINUSE" },
        })
        yield* Listener.close(first)
        expect(yield* Effect.flip(Client.connect(address, KEY))).toMatchObject({
          _tag: "ConnectFailed",
          cause: { code: typeof address === "string" ? "ENOENT" : "ECONNREFUSED" },
        })
        yield* serves(yield* Listener.make({ ...KEY, address }))
      }
    }),
  )

  live("whoever waits when it is closed fails with Closed", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      const waiting = yield* Effect.fork(Effect.flip(Listener.accept(listener)))
      yield* Effect.sleep(10)
      yield* Listener.close(listener)
      expect(yield* Fiber.join(waiting)).toMatchObject({ _tag: "Closed" })
    }),
  )

  live("an interrupted accept takes nobody, and an interrupted connect leaves nothing behind", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      const waiting = yield* Effect.fork(Listener.accept(listener))
      yield* Effect.sleep(10)
      yield* Fiber.interrupt(waiting)
      yield* serves(listener)
      // Nobody answers there.
      const ends: Array<Effect.Effect<unknown>> = []
      const server = yield* bareServer((socket) => ends.push(heard(socket).over))
      const connecting = yield* Effect.fork(Client.connect(server.address, KEY))
      yield* within(5)(Effect.repeat(Effect.sleep(5), { until: () => ends.length > 0 }))
      yield* Fiber.interrupt(connecting)
      yield* ends[0] as Effect.Effect<unknown>
    }),
  )

  live("values, bytes and empty messages keep their order and their bounds, both ways at once", () =>
    Effect.gen(function* () {
      const { accepted, client } = yield* pair()
      const values = [0, -0, Number.NaN, "", "ü", { a: [1, new Date(5)] }, new Map([[1, new Set([2])]]), null]
      const both = [
        [client, accepted],
        [accepted, client],
      ] as const
      const talk = ([from, to]: (typeof both)[number]) =>
        Effect.gen(function* () {
          const sending = Effect.forEach(values, (value) => Connection.send(from, value), { discard: true })
          yield* sending
          yield* Connection.sendBytes(from, new Uint8Array())
          yield* Connection.sendBytes(from, Uint8Array.of(1, 2, 3), { offset: 1 })
          const received = yield* Effect.replicateEffect(Connection.recv(to), values.length)
          expect(received).toEqual(values)
          expect(yield* Connection.recvBytes(to)).toEqual(new Uint8Array())
          expect(yield* Connection.recvBytes(to)).toEqual(Uint8Array.of(2, 3))
        })
      yield* Effect.forEach(both, talk, { concurrency: 2 })
    }),
  )

  live("whoever sends faster than the other side receives waits; nothing is lost", () =>
    Effect.gen(function* () {
      const { accepted, client } = yield* pair()
      const count = 3000
      const sent = yield* Effect.fork(
        Effect.forEach(Array.from({ length: count }).keys(), (n) =>
          Connection.send(client, { n, text: "x".repeat(8000) }),
        ),
      )
      yield* Effect.sleep(300)
      expect(yield* Fiber.poll(sent)).toEqual(Option.none())
      const big = new Uint8Array(2 ** 24).fill(7)
      const received = yield* Effect.replicateEffect(Connection.recv(accepted), count)
      expect(received.map(({ n }) => n)).toEqual([...Array.from({ length: count }).keys()])
      yield* Fiber.join(sent)
      yield* Effect.fork(Connection.sendBytes(client, big))
      expect((yield* Connection.recvBytes(accepted)).length).toBe(big.length)
    }),
  )

  live("what was sent arrives though the sender's scope ends; then comes Eof, and BrokenPipe", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      yield* Effect.scoped(
        Effect.flatMap(Client.connect<number>(Listener.address(listener), KEY), (client) =>
          Effect.forEach(Array.from({ length: 500 }).keys(), (n) => Connection.send(client, n)),
        ),
      )
      const accepted = yield* Listener.accept<number>(listener)
      const received = yield* Stream.runCollect(Connection.toStream(accepted))
      expect(Chunk.toReadonlyArray(received)).toEqual([...Array.from({ length: 500 }).keys()])
      expect(yield* Effect.flip(Connection.recv(accepted))).toMatchObject({ _tag: "Eof" })
      expect(yield* Effect.flip(Connection.send(accepted, 1))).toMatchObject({ _tag: "BrokenPipe" })
    }),
  )

  live(
    "a side that reads nothing holds up the end of a scope for ten seconds, and a warning tells of what is lost",
    () =>
      Effect.gen(function* () {
        const listener = yield* Listener.make({})
        const { socket } = yield* stranger(Listener.address(listener))
        socket.write(TRUSTED)
        const [took, warnings] = yield* logged(
          Effect.scoped(
            Effect.gen(function* () {
              const accepted = yield* Listener.accept<Uint8Array>(listener)
              socket.pause()
              const sending = Effect.forever(Connection.sendBytes(accepted, new Uint8Array(2 ** 20)))
              expect(yield* Effect.timeoutOption(sending, "1 second")).toEqual(Option.none())
              return performance.now()
            }),
          ).pipe(Effect.map((closing) => performance.now() - closing)),
        )
        expect(took).toBeGreaterThan(9_900)
        expect(took).toBeLessThan(13_000)
        expect(warnings).toEqual([
          "WARN A connection is given up with something unsent: for 10 seconds the other side did not read it",
        ])
      }),
    40,
  )

  live("what the other side does not take, or cannot have, is refused, and nothing is sent", () =>
    Effect.gen(function* () {
      const { accepted, client } = yield* pair({ ...KEY, maxMessage: 1000 }, KEY)
      for (const value of ["x".repeat(1001), () => 1, yield* Lock.make, new SharedArrayBuffer(8)]) {
        expect(yield* Effect.flip(Connection.send(client, value))).toMatchObject({ _tag: "EncodingFailed" })
        expect(() => ConnectionSync.sendSync(client, value)).toThrow(/Cannot encode message/)
      }
      expect(yield* Effect.flip(Connection.sendBytes(client, new Uint8Array(1001)))).toMatchObject({
        _tag: "EncodingFailed",
      })
      yield* Connection.send(client, "x".repeat(990))
      expect((yield* Connection.recv(accepted)).length).toBe(990)
      yield* Connection.send(accepted, "y".repeat(5000))
      expect((yield* Connection.recv(client)).length).toBe(5000)
    }),
  )
})

describe("Listener and Client, of several agents", () => {
  onThreads("CONN-25 an accepted connection is handed to another agent, and works there", () =>
    Effect.gen(function* () {
      const [here, there] = yield* Pipe.make<unknown, any>()
      const child = yield* run(acceptOne, [there])
      yield* Connection.close(there)
      const address: Address = yield* Connection.recv(here)
      const caller = yield* run(connectAndSend, [address, ["HELLO"], {}])
      const accepted = yield* Connection.recv(here)
      expect(yield* Connection.recv(accepted)).toBe("HELLO")
      yield* Connection.close(accepted)
      yield* Connection.send(here, "done")
      yield* resultOf(child)
      expect(yield* ended(caller)).toBe(0)
    }),
  )

  onEach(
    "CONN-25 what an OS process has accepted does not reach its starter, which the process is told",
    () =>
      Effect.gen(function* () {
        const [here, there] = yield* Pipe.make<unknown, any>()
        const child = yield* run(acceptOne, [there])
        const address: Address = yield* Connection.recv(here)
        yield* run(connectAndSend, [address, ["HELLO"], {}])
        const failure = yield* within(20)(Effect.flip(resultOf(child)))
        expect(String(failure)).toMatch(/a handle or shared memory in it, which does not leave this process/)
      }),
    60,
    ["spawn"],
  )

  onEach("CONN-27 a receive without a time-out waits as long as it takes", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      const child = yield* run(connectAndSend, [Listener.address(listener), [123, 456], { pause: 300 }])
      const accepted = yield* Listener.accept<never, number>(listener)
      expect(yield* Effect.replicateEffect(Connection.recv(accepted), 2)).toEqual([123, 456])
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onEach("WAIT-03 connections of four agents are waited for together until all have ended", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      const lines = Array.from({ length: 10 }, (_, n) => `line ${n}`)
      for (const pause of [0, 0, 10, 20])
        yield* run(connectAndSend, [Listener.address(listener), lines, { pause }])
      const accepted = yield* Effect.replicateEffect(Listener.accept<never, string>(listener), 4)
      const received = new Map(accepted.map((connection) => [connection, [] as Array<string>]))
      const open = new Set(accepted)
      while (open.size > 0) {
        for (const connection of yield* Waitable.wait([...open])) {
          const line = yield* Effect.either(Connection.recv(connection))
          if (line._tag === "Left") open.delete(connection)
          else received.get(connection)?.push(line.right)
        }
      }
      expect([...received.values()]).toEqual([lines, lines, lines, lines])
    }),
  )
})

describe("Listener, and who is not to be trusted", () => {
  onEach("LSTN-10 another key fails on both sides, and the next client is served", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      const accepting = yield* Effect.fork(Effect.flip(Listener.accept(listener)))
      yield* Effect.yieldNow()
      const child = yield* run(connectAndSend, [Listener.address(listener), [1], { authKey: "bad" }])
      expect(yield* Fiber.join(accepting)).toMatchObject({
        _tag: "AuthFailed",
        reason: "the client has another key",
      })
      expect(yield* resultOf(child)).toBe("the client has another key")
      yield* serves(listener)
    }),
  )

  live("no key fails on both sides, whoever lacks it", () =>
    Effect.gen(function* () {
      for (const [options, clientOptions] of [
        [KEY, {}],
        [{}, KEY],
      ]) {
        const listener = yield* Listener.make(options)
        const accepting = yield* Effect.fork(Effect.flip(Listener.accept(listener)))
        yield* Effect.sleep(10)
        const refused = yield* Effect.flip(Client.connect(Listener.address(listener), clientOptions))
        expect(refused._tag).toBe("AuthFailed")
        expect((yield* Fiber.join(accepting))._tag).toBe("AuthFailed")
      }
    }),
  )

  live("a client that says nothing holds up nobody, and is hung up on in time", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make({ ...KEY, handshakeTimeout: 300 })
      const { heard } = yield* stranger(Listener.address(listener))
      yield* serves(listener)
      expect(yield* Effect.flip(Listener.accept(listener))).toMatchObject({
        _tag: "AuthFailed",
        reason: "it took longer than 300ms to say who it is",
      })
      yield* heard.over
    }),
  )

  const says: ReadonlyArray<readonly [what: string, bytes: Uint8Array, reason: string]> = [
    [
      "what another protocol says",
      new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
      "it speaks another protocol",
    ],
    ["a frame that is too long", Uint8Array.of(0, 0, 2, 0), "it speaks another protocol"],
    ["an empty frame", frame(), "it speaks another protocol"],
    ["a hello of another version", frame(...hello, 9), "its version is 9, expected 1"],
    ["half of a hello", frame(...hello, 1, 1), "its hello is incomplete"],
    ["a hello without a key", frame(...hello, 1, 0, ...Array(36).fill(0)), "the client has no key"],
    [
      "a hello, and a proof that is none",
      Uint8Array.of(...frame(...hello, 1, 1, ...Array(36).fill(0)), ...frame(1, ...Array(32).fill(7))),
      "the client has another key",
    ],
    [
      "a hello, and then that it is welcome",
      Uint8Array.of(...frame(...hello, 1, 1, ...Array(36).fill(0)), ...frame(2)),
      "the client has another key",
    ],
  ]
  for (const [what, bytes, reason] of says) {
    live(`who says ${what} is told why it is hung up on, and reads nothing else`, () =>
      Effect.gen(function* () {
        const listener = yield* Listener.make(KEY)
        const accepting = yield* Effect.fork(Effect.flip(Listener.accept(listener)))
        const { heard, socket } = yield* stranger(Listener.address(listener))
        socket.write(bytes)
        const error = yield* Fiber.join(accepting)
        expect(error._tag === "AuthFailed" && error.reason).toMatch(new RegExp(`^${reason}`))
        const said = yield* heard.over
        // Its hello, and the refusal: 4 + 48 bytes, then a frame that begins with 3.
        expect(said.slice(0, 14)).toEqual([0, 0, 0, 48, ...hello])
        expect(said[56]).toBe(3)
        expect(new TextDecoder().decode(Uint8Array.from(said.slice(57)))).toMatch(new RegExp(`^${reason}`))
        yield* serves(listener)
      }),
    )
  }

  live("a handshake that was overheard is of no use to anybody", () =>
    Effect.gen(function* () {
      const { sockets } = yield* Platform
      const listener = yield* Listener.make(KEY)
      // Everything that the client says goes through here.
      const overheard: Array<Uint8Array> = []
      const relay = yield* bareServer(async (client) => {
        const server = await sockets.connect(Listener.address(listener), new AbortController().signal)
        const join = (from: Socket, to: Socket, onData: (bytes: Uint8Array) => void) =>
          from.listen({
            onData: (bytes) => {
              onData(bytes)
              to.write(bytes)
            },
            onDrain: () => {},
            onEnd: () => to.end(() => {}),
          })
        join(client, server, (bytes) => overheard.push(bytes.slice()))
        join(server, client, () => {})
      })
      yield* Effect.scoped(
        Effect.zipRight(Client.connect(relay.address, KEY), Effect.scoped(Listener.accept(listener))),
      )
      const accepting = yield* Effect.fork(Effect.flip(Listener.accept(listener)))
      const { heard, socket } = yield* stranger(Listener.address(listener))
      for (const bytes of overheard) socket.write(bytes)
      expect(yield* Fiber.join(accepting)).toMatchObject({
        _tag: "AuthFailed",
        reason: "the client has another key",
      })
      yield* heard.over
      yield* serves(listener)
    }),
  )

  live("who is trusted and then breaks the rules is hung up on, and only he", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make({ maxMessage: 1000 })
      const good = yield* Client.connect<string>(Listener.address(listener))
      const goodSide = yield* Listener.accept<string>(listener)
      for (const rude of [
        Uint8Array.of(0, 1, 0, 0),
        frame(9, 1, 2),
        frame(4, 1, 2),
        frame(0, 1, 2),
        frame(2, 0x92, 1),
        frame(),
      ]) {
        const { heard, socket } = yield* stranger(Listener.address(listener))
        socket.write(TRUSTED)
        const side = yield* Listener.accept<never, unknown>(listener)
        socket.write(rude)
        expect(yield* within(5)(Effect.flip(Connection.recv(side)))).toMatchObject({ _tag: "Eof" })
        yield* heard.over
      }
      yield* Connection.send(good, "still here")
      expect(yield* Connection.recv(goodSide)).toBe("still here")
    }),
  )

  live(
    "a thousand that connect and drop, some in the middle, take nothing from the next one",
    () =>
      Effect.gen(function* () {
        const listener = yield* Listener.make({ ...KEY, backlog: 8 })
        const { sockets } = yield* Platform
        const drop = (n: number) =>
          Effect.promise(async () => {
            const socket = await sockets.connect(Listener.address(listener), new AbortController().signal)
            if (n % 3 === 0) socket.write(frame(...hello, 1))
            if (n % 3 === 1) socket.write(Uint8Array.of(0, 0))
            socket.destroy()
          })
        yield* Effect.forEach(Array.from({ length: 1000 }).keys(), drop, { concurrency: 20, discard: true })
        // Those that are still on their way may fill the places.
        yield* Effect.retry(Effect.sandbox(serves(listener)), Schedule.spaced(50))
      }),
    40,
  )
})
