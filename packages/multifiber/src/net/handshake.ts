/**
 * How two programs make sure of each other, before either reads anything else.
 *
 * Each says hello: a magic word, the version, whether it has a key, how long its messages may be, and a nonce. Where both have a
 * key, the client proves that it knows it, then the listener does: by the HMAC-SHA-256 of both hellos and of who proves. So
 * a proof is of no use to anybody else, or a second time, or in the other direction. Each tells the other its verdict. The
 * challenge and response follow RFC 2195 (CRAM) and Python's `multiprocessing.connection`, with both nonces in each proof.
 */
import * as Effect from "effect/Effect"
import { frame, joined } from "./Frames.ts"
import type { Wire } from "./Wire.ts"

/** Raised whenever a message between programs changes its shape. */
export const VERSION = 1

/** No frame of a handshake is longer. */
export const LIMIT = 256

const MAGIC = new TextEncoder().encode("multifiber")
const NONCE = 32

/** Where in a hello each field begins. */
const AT = {
  version: MAGIC.length,
  keyed: MAGIC.length + 1,
  maxMessage: MAGIC.length + 2,
  nonce: MAGIC.length + 6,
}
const HELLO = AT.nonce + NONCE

const Tag = { Proof: 1, Welcome: 2, Refused: 3 } as const

export type Role = "listener" | "client"

/** Who refuses whom, and why. */
export class Refusal extends Error {
  override readonly name = "Refusal"
}

export interface Terms {
  readonly authKey: Uint8Array | undefined
  /** The longest message that this side takes, in bytes. */
  readonly maxMessage: number
}

/** Returns the longest message that the other side takes. Fails after the other side was told. */
export const shakeHands = (wire: Wire, role: Role, terms: Terms): Effect.Effect<number, Refusal> =>
  Effect.gen(function* () {
    const { authKey } = terms
    const mine = helloOf(terms)
    yield* wire.write(frame(mine))
    const theirs = yield* read(wire)
    const problem = problemIn(theirs, role, terms)
    if (problem !== undefined) return yield* refuse(wire, problem)
    if (authKey !== undefined) {
      const key = yield* Effect.promise(() => keyOf(authKey))
      const hellos = role === "listener" ? [mine, theirs] : [theirs, mine]
      const prove = Effect.flatMap(
        Effect.promise(() => crypto.subtle.sign("HMAC", key, statement(role, hellos))),
        (proof) => wire.write(frame(Uint8Array.of(Tag.Proof), new Uint8Array(proof))),
      )
      // The one who came proves first: from a listener nobody gets what the key could be guessed by.
      if (role === "client") yield* prove
      const [tag, ...proof] = yield* accepted(wire)
      const isTrue = yield* Effect.promise(() =>
        crypto.subtle.verify("HMAC", key, Uint8Array.from(proof), statement(other(role), hellos)),
      )
      if (tag !== Tag.Proof || !isTrue) return yield* refuse(wire, `the ${other(role)} has another key`)
      if (role === "listener") yield* prove
    }
    yield* wire.write(frame(Uint8Array.of(Tag.Welcome)))
    const [verdict] = yield* accepted(wire)
    if (verdict !== Tag.Welcome) return yield* refuse(wire, ANOTHER_PROTOCOL)
    return dataOf(theirs).getUint32(AT.maxMessage)
  })

const ANOTHER_PROTOCOL = "it speaks another protocol"

const read = (wire: Wire): Effect.Effect<Uint8Array, Refusal> =>
  Effect.matchEffect(wire.read, {
    onFailure: () => refuse(wire, ANOTHER_PROTOCOL),
    onSuccess: (bytes) =>
      bytes === undefined ? Effect.fail(new Refusal("it has hung up")) : Effect.succeed(bytes),
  })

/** What it says next, unless it refuses. */
const accepted = (wire: Wire): Effect.Effect<Uint8Array, Refusal> =>
  Effect.filterOrFail(
    read(wire),
    ([tag]) => tag !== Tag.Refused,
    (bytes) => new Refusal(printable(new TextDecoder().decode(bytes.subarray(1)))),
  )

/** Whoever says this is not trusted. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "?")

const refuse = (wire: Wire, reason: string): Effect.Effect<never, Refusal> =>
  Effect.zipRight(
    wire.write(frame(Uint8Array.of(Tag.Refused), new TextEncoder().encode(reason).subarray(0, LIMIT - 1))),
    Effect.fail(new Refusal(reason)),
  )

const dataOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

const helloOf = ({ authKey, maxMessage }: Terms): Uint8Array<ArrayBuffer> => {
  const hello = new Uint8Array(HELLO)
  hello.set(MAGIC)
  hello[AT.version] = VERSION
  hello[AT.keyed] = authKey === undefined ? 0 : 1
  dataOf(hello).setUint32(AT.maxMessage, maxMessage)
  crypto.getRandomValues(hello.subarray(AT.nonce))
  return hello
}

const problemIn = (hello: Uint8Array, role: Role, { authKey }: Terms): string | undefined => {
  if (hello.length < AT.version + 1 || MAGIC.some((byte, at) => hello[at] !== byte)) {
    return ANOTHER_PROTOCOL
  }
  const version = hello[AT.version]
  if (version !== VERSION)
    return `its version is ${version}, expected ${VERSION}: install one version of multifiber`
  if (hello.length !== HELLO) return "its hello is incomplete"
  const isKeyed = hello[AT.keyed] === 1
  if (isKeyed === (authKey !== undefined)) return undefined
  return isKeyed ? `the ${other(role)} has a key, and wants one` : `the ${other(role)} has no key`
}

const other = (role: Role): Role => (role === "listener" ? "client" : "listener")

/** An empty key is one, though Web Crypto takes none: HMAC pads keys with zeros. */
const keyOf = (authKey: Uint8Array): Promise<CryptoKey> =>
  crypto.subtle.importKey(
    "raw",
    authKey.length === 0 ? new Uint8Array(1) : authKey.slice(),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  )

const statement = (who: Role, hellos: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> =>
  joined([new TextEncoder().encode(who), ...hellos])
