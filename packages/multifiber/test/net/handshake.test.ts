/** The handshake of two programs, over sockets that a test holds in its hands. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { LIMIT, type Refusal, shakeHands, type Terms } from "../../src/net/handshake.ts"
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

const TERMS = { authKey: new TextEncoder().encode("abc"), most: 1000 }

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
    const outcome = (socket: Socket, terms: Terms) =>
      Effect.fork(
        Effect.match(shakeHands(new Wire(socket, LIMIT), terms), {
          onFailure: ({ message }: Refusal) => message,
          onSuccess: (most): string | number => most,
        }),
      )
    // Both hear before either says anything.
    const fibers = yield* Effect.all([
      outcome(left.socket, { ...TERMS, role: "listener", ...listener }),
      outcome(right.socket, { ...TERMS, role: "client", ...client }),
    ])
    return yield* Effect.timeout(Fiber.joinAll(fibers), 5000)
  })

describe("the handshake", () => {
  it.live("LSTN-09 who knows the key is trusted, and each learns how much the other takes", () =>
    Effect.map(meet({ most: 1000 }, { most: 2000 }), (outcomes) => expect(outcomes).toEqual([2000, 1000])),
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
        const shaking = yield* Effect.fork(
          Effect.flip(shakeHands(new Wire(wire.socket, LIMIT), { ...TERMS, role })),
        )
        yield* Effect.yieldNow()
        for (let i = 0; i < 5; i++) wire.arrive(Uint8Array.of(0, 0, 0, 3, 1, 2, 3))
        expect((yield* Effect.timeout(Fiber.join(shaking), 5000)).message).toBe("it speaks another protocol")
      }
    }),
  )

  it.live("a proof of one side is of no use to the other, nor with another hello", () =>
    Effect.gen(function* () {
      // A client that has no key sends back what the listener would prove by: there is nothing to send back before its own.
      const said: Array<Uint8Array> = []
      const wire = socketOf((bytes) => said.push(bytes))
      const shaking = yield* Effect.fork(
        Effect.flip(shakeHands(new Wire(wire.socket, LIMIT), { ...TERMS, role: "listener" })),
      )
      yield* Effect.yieldNow()
      // Its own hello is a hello like any other.
      wire.arrive(said[0] as Uint8Array)
      yield* Effect.sleep(50)
      expect(said.length).toBe(1)
      wire.arrive(Uint8Array.of(0, 0, 0, 33, 1, ...new Uint8Array(32)))
      expect((yield* Effect.timeout(Fiber.join(shaking), 5000)).message).toBe("the client has another key")
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
      const both = [
        shakeHands(new Wire(left.socket, LIMIT), { ...TERMS, role: "listener" }),
        shakeHands(new Wire(right.socket, LIMIT), { ...TERMS, role: "client" }),
      ]
      expect(yield* Effect.timeout(Effect.all(both, { concurrency: 2 }), 5000)).toEqual([1000, 1000])
    }),
  )
})
