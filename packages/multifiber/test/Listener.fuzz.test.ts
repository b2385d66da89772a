/**
 * Strangers say all sorts of things to a listener, and those that it trusts break the rules of their connections.
 * MULTIFIBER_FUZZ says how many of them; some hundreds where it does not.
 */
import process from "node:process"
import { expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Client from "../src/Client.ts"
import * as Connection from "../src/Connection.ts"
import * as Listener from "../src/Listener.ts"
import { Platform, type Socket } from "../src/Platform.ts"
import { Growth, garbage, mutated, type Random, randomOf } from "./fuzzing.ts"
import { live, within } from "./live.ts"

const STRANGERS = Number(process.env.MULTIFIBER_FUZZ ?? 400)
const TRUSTED = STRANGERS / 4
const AT_ONCE = 16

const KEY = { authKey: "shared", handshakeTimeout: 500 }

const framed = (bytes: Uint8Array) => Uint8Array.of(0, 0, bytes.length >> 8, bytes.length & 255, ...bytes)

const helloOf = (isKeyed: number) =>
  Uint8Array.of(...new TextEncoder().encode("multifiber"), 1, isKeyed, 0, 0, 255, 255, ...new Uint8Array(32))

/** Beginnings of a handshake, more or less. */
const openings = (random: Random): Uint8Array => {
  const good = Uint8Array.of(
    ...framed(helloOf(1)),
    ...framed(Uint8Array.of(1, ...garbage(random, 33))),
    ...framed(Uint8Array.of(2)),
    ...framed(Uint8Array.of(2, 0xc0)),
  )
  const how = random(4)
  if (how === 0) return garbage(random, 300)
  if (how === 1) return framed(garbage(random, 250))
  return how === 2 ? mutated(random, good) : good.subarray(0, random(good.length))
}

/** Messages, more or less: what msgpackr reads, and what it does not. */
const messages = (random: Random): ReadonlyArray<Uint8Array> =>
  Array.from({ length: 1 + random(5) }, () => {
    const bytes = Uint8Array.of(random(6), ...garbage(random, 60))
    const frame = framed(bytes)
    return random(3) === 0 ? mutated(random, frame) : frame
  })

/** Says something, in pieces, and waits for the end, or hangs up. */
const say = (socket: Socket, bytes: Uint8Array, random: Random) =>
  within(20)(
    Effect.async<void>((resume) => {
      socket.listen({ onData: () => {}, onDrain: () => {}, onEnd: () => resume(Effect.void) })
      const cut = random(bytes.length + 1)
      socket.write(bytes.subarray(0, cut))
      setTimeout(() => {
        socket.write(bytes.subarray(cut))
        if (random(2) === 0) {
          socket.destroy()
          resume(Effect.void)
        } else {
          socket.end(() => {})
        }
      }, random(2))
    }).pipe(Effect.ensuring(Effect.sync(() => socket.destroy()))),
  )

const visit = (listener: Listener.Listener, bytes: Uint8Array, random: Random) =>
  Effect.gen(function* () {
    const { sockets } = yield* Platform
    const socket = yield* Effect.promise(() =>
      sockets.connect(Listener.address(listener), new AbortController().signal),
    )
    yield* say(socket, bytes, random)
  })

const each = (count: number, body: (n: number) => Effect.Effect<void, unknown, Platform>) =>
  Effect.forEach(Array.from({ length: count }).keys(), body, { concurrency: AT_ONCE, discard: true })

/** The connection of those that keep the rules works. */
const answers = (client: End, accepted: End) =>
  Effect.zipRight(
    Connection.send(client, 7),
    Effect.map(within(10)(Connection.recv(accepted)), (got) => expect(got).toBe(7)),
  )

type End = Connection.Connection<number, number>

live(
  "whatever strangers say, nobody is let in without the key, and the listener serves those that have it",
  () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make(KEY)
      const client = yield* Client.connect<number>(Listener.address(listener), KEY)
      const accepted = yield* Listener.accept<number>(listener)
      let letIn = 0
      const acceptOne = Effect.tap(Effect.scoped(Listener.accept(listener)), () => {
        letIn++
      })
      const accepting = yield* Effect.fork(Effect.forever(Effect.ignore(acceptOne)))
      const seed = Number(process.env.MULTIFIBER_FUZZ_SEED ?? Date.now() % 2 ** 32)
      console.log(`seed ${seed}`)
      const random = randomOf(seed)
      const growth = new Growth()
      yield* each(STRANGERS, (n) =>
        Effect.gen(function* () {
          if (n === Math.floor(STRANGERS / 4)) growth.begin()
          yield* visit(listener, openings(random), random)
          if (n % 100 === 0) yield* answers(client, accepted)
        }),
      )
      yield* Fiber.interrupt(accepting)
      expect(letIn).toBe(0)
      growth.end(`${STRANGERS} handshakes`)
    }),
  120 + STRANGERS / 50,
)

live(
  "whatever those say that are trusted, their connections alone end",
  () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make({ maxMessage: 1000 })
      const client = yield* Client.connect<number>(Listener.address(listener))
      const accepted = yield* Listener.accept<number>(listener)
      const accepting = yield* Effect.scoped(
        Effect.flatMap(Listener.accept(listener), (connection) =>
          Effect.forever(Connection.recv(connection)),
        ),
      ).pipe(
        Effect.ignore,
        Effect.forever,
        Effect.replicateEffect(AT_ONCE, { concurrency: AT_ONCE }),
        Effect.fork,
      )
      const random = randomOf(7)
      const opening = Uint8Array.of(...framed(helloOf(0)), ...framed(Uint8Array.of(2)))
      const growth = new Growth()
      let sent = 0
      yield* each(TRUSTED, (n) =>
        Effect.gen(function* () {
          if (n === Math.floor(TRUSTED / 4)) growth.begin()
          const said = messages(random)
          sent += said.length
          yield* visit(listener, Uint8Array.of(...opening, ...said.flatMap((frame) => [...frame])), random)
          if (n % 20 === 0) yield* answers(client, accepted)
        }),
      )
      yield* Fiber.interrupt(accepting)
      growth.end(`${sent} messages of ${TRUSTED} connections`)
    }),
  120 + STRANGERS / 50,
)
