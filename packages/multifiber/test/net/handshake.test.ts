/** The handshake of two programs, over sockets that a test holds in its hands. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { LIMIT, type Refusal, type Role, shakeHands, type Terms } from "../../src/net/handshake.ts"
import { Wire } from "../../src/net/Wire.ts"
import type { Socket, SocketListener } from "../../src/Platform.ts"

/** One end of a socket; what is written goes to `onWrite`. */
const socketOf = (onWrite: (bytes: Uint8Array) => void) => {
  let listener: SocketListener | undefined
  const socket: Socket = {
    peer: undefined,
    listen: (hears) => {
      listener = hears
    },
    pause: () => {},
    resume: () => {},
    write: (bytes) => {
      onWrite(bytes)
      return true
    },
    end: (done) => done(),
    destroy: () => {},
  }
  return { socket, arrive: (bytes: Uint8Array) => listener?.onData(bytes) }
}

const TERMS: Terms = { authKey: new TextEncoder().encode("abc"), maxMessage: 1000 }

const shake = (socket: Socket, role: Role, terms: Partial<Terms> = {}) =>
  shakeHands(new Wire(socket, LIMIT), role, { ...TERMS, ...terms })

/** Both sides, with whatever happens to each write of the client on its way. */
const meet = (
  listener: Partial<Terms>,
  client: Partial<Terms>,
  onWay: (bytes: Uint8Array, n: number) => Uint8Array = (bytes) => bytes,
) =>
  Effect.gen(function* () {
    let writes = 0
    const left = socketOf((bytes) => right.arrive(bytes))
    const right = socketOf((bytes) => left.arrive(onWay(bytes.slice(), writes++)))
    const outcome = (socket: Socket, role: Role, terms: Partial<Terms>) =>
      Effect.fork(
        Effect.match(shake(socket, role, terms), {
          onFailure: ({ message }: Refusal) => message,
          onSuccess: (most): string | number => most,
        }),
      )
    // Both hear before either says anything.
    const fibers = yield* Effect.all([
      outcome(left.socket, "listener", listener),
      outcome(right.socket, "client", client),
    ])
    return yield* Effect.timeout(Fiber.joinAll(fibers), 5000)
  })

describe("the handshake", () => {
  it.live("LSTN-09 who knows the key is trusted, and each learns how much the other takes", () =>
    Effect.map(meet({ maxMessage: 1000 }, { maxMessage: 2000 }), (outcomes) =>
      expect(outcomes).toEqual([2000, 1000]),
    ),
  )

  for (const bit of [0, 7, 128, 255]) {
    it.live(`LSTN-09 a proof with bit ${bit} flipped is none`, () =>
      Effect.map(
        meet({}, {}, (bytes, n) => {
          // Its second write: the length, the tag, the proof.
          const at = 5 + (bit >> 3)
          if (n === 1) bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
          return bytes
        }),
        (outcomes) => expect(outcomes).toEqual(["the client has another key", "the client has another key"]),
      ),
    )
  }

  it.live("LSTN-07 a side that answers whatever it is asked with garbage is refused", () =>
    Effect.gen(function* () {
      for (const role of ["listener", "client"] as const) {
        const wire = socketOf(() => {})
        const shaking = yield* Effect.fork(Effect.flip(shake(wire.socket, role)))
        yield* Effect.yieldNow()
        for (let i = 0; i < 5; i++) wire.arrive(Uint8Array.of(0, 0, 0, 3, 1, 2, 3))
        expect((yield* Effect.timeout(Fiber.join(shaking), 5000)).message).toBe("it speaks another protocol")
      }
    }),
  )

  it.live("a listener says nothing that the key could be guessed by before the client has proved", () =>
    Effect.gen(function* () {
      const said: Array<Uint8Array> = []
      const wire = socketOf((bytes) => said.push(bytes))
      const shaking = yield* Effect.fork(Effect.flip(shake(wire.socket, "listener")))
      yield* Effect.yieldNow()
      // Its own hello is a hello like any other.
      wire.arrive(said[0] as Uint8Array)
      yield* Effect.sleep(50)
      expect(said.length).toBe(1)
      wire.arrive(Uint8Array.of(0, 0, 0, 33, 1, ...new Uint8Array(32)))
      expect((yield* Effect.timeout(Fiber.join(shaking), 5000)).message).toBe("the client has another key")
    }),
  )

  it.live("what a client has proved by does not prove the listener", () =>
    Effect.gen(function* () {
      let writes = 0
      // Whatever it says comes back to it.
      const wire = socketOf((bytes) => {
        if (writes++ < 2) wire.arrive(bytes.slice())
      })
      const error = yield* Effect.timeout(Effect.flip(shake(wire.socket, "client")), 5000)
      expect(error.message).toBe("the listener has another key")
    }),
  )

  it.live("what an untrusted side says of itself is printed without what a terminal obeys", () =>
    Effect.gen(function* () {
      const wire = socketOf(() => {})
      const shaking = yield* Effect.fork(Effect.flip(shake(wire.socket, "client", { authKey: undefined })))
      yield* Effect.yieldNow()
      const hello = Uint8Array.of(...new TextEncoder().encode("multifiber"), 1, 0, ...new Uint8Array(36))
      wire.arrive(Uint8Array.of(0, 0, 0, hello.length, ...hello))
      wire.arrive(Uint8Array.of(0, 0, 0, 6, 3, ...new TextEncoder().encode("\u001b[2Jx")))
      expect((yield* Effect.timeout(Fiber.join(shaking), 5000)).message).toBe("?[2Jx")
    }),
  )

  it.live("what arrives byte by byte is understood", () =>
    Effect.gen(function* () {
      const left = socketOf((bytes) => {
        for (const byte of bytes) right.arrive(Uint8Array.of(byte))
      })
      const right = socketOf((bytes) => {
        for (const byte of bytes) left.arrive(Uint8Array.of(byte))
      })
      const both = [shake(left.socket, "listener"), shake(right.socket, "client")]
      expect(yield* Effect.timeout(Effect.all(both, { concurrency: 2 }), 5000)).toEqual([1000, 1000])
    }),
  )
})
