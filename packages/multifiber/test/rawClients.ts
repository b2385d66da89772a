/** Programs that a served manager trusts, and that say whatever they like to it. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Packr } from "msgpackr/pack"
import { eachOutcome, packCalls } from "../src/agent/Batch.ts"
import { FrameReader, frame, messageOf } from "../src/net/Frames.ts"
import { type Address, Platform, type Socket } from "../src/Platform.ts"
import { TypeId as PROXY } from "../src/sync/managed.ts"
import { decode, Kind } from "../src/wire/Message.ts"
import type { Outcome, Outcomes } from "../src/wire/Protocol.ts"
import { within } from "./live.ts"

/** What a client calls the manager: its ids for what the manager has begin so. */
const ROUTE = "raw"

const HELLO = Uint8Array.of(
  ...new TextEncoder().encode("multifiber"),
  1,
  0,
  4,
  0,
  0,
  0,
  ...new Uint8Array(32),
)

/** All that a client says that has no key, and takes messages of 64 MiB. */
const TRUSTED = Uint8Array.of(...frame(HELLO), ...frame(Uint8Array.of(2)))

/** As messages between programs are packed, but that nothing is checked. */
const packr = new Packr({
  structuredClone: true,
  useBigIntExtension: true,
  copyBuffers: true,
  useRecords: false,
  mapsAsObjects: true,
})

/** The frame of any value. */
export const framed = (value: unknown): Uint8Array => frame(Uint8Array.of(Kind.Packed), packr.pack(value))

/** A handle that is made up: of what the manager calls so, as this client names it. */
export const forged = (id: string, typeId: string = PROXY) => ({ [typeId]: { id: `${ROUTE}/${id}` } })

export interface RawClient {
  readonly socket: Socket
  /** Says something that has no answer. */
  readonly say: (message: unknown) => void
  /** Calls a method of what the manager calls so. */
  readonly ask: (target: string, method: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<Outcome>
  /** The same, where it gives a handle: its id. */
  readonly make: (target: string, method: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<string>
  /** What the manager has to begin with. */
  readonly root: Effect.Effect<string>
  /** Waits until it is hung up on. */
  readonly over: Effect.Effect<void>
}

const idWithin = (value: unknown): string | undefined => {
  const { id } = Object(value)
  if (typeof id === "string") return id
  const parts: ReadonlyArray<unknown> = Object.values(Object(typeof value === "object" ? value : {}))
  return parts.map(idWithin).find((found) => found !== undefined)
}

/** The id of the handle that an outcome has. */
export const idIn = (outcome: Outcome): string => {
  const id = outcome.is === "done" ? idWithin(outcome.value) : undefined
  if (id === undefined) throw new Error(`no handle, but ${JSON.stringify(outcome)}`)
  return id
}

/** Connects to a manager that is served without a key. */
export const rawClient = (address: Address): Effect.Effect<RawClient, never, Platform | Scope.Scope> =>
  Effect.gen(function* () {
    const { sockets } = yield* Platform
    const socket = yield* Effect.acquireRelease(
      within(10)(Effect.promise(() => sockets.connect(address, new AbortController().signal))),
      (socket) => Effect.sync(() => socket.destroy()),
    )
    const reader = new FrameReader(2 ** 26)
    const waiting = new Map<number, (outcome: Outcome) => void>()
    let greetings = 2
    let last = 0
    let isOver = false
    let onOver = () => {}
    socket.listen({
      onData: (bytes) => {
        reader.push(bytes)
        for (let next = reader.next(); next !== undefined; next = reader.next()) {
          if (greetings-- > 0) continue
          eachOutcome(decode(messageOf(next)) as Outcomes, (id, outcome) => waiting.get(id)?.(outcome))
        }
      },
      onDrain: () => {},
      onEnd: () => {
        isOver = true
        onOver()
      },
    })
    socket.write(TRUSTED)
    const say = (message: unknown) => void socket.write(framed(message))
    const ask: RawClient["ask"] = (target, method, ...args) =>
      within(10)(
        Effect.async<Outcome>((resume) => {
          last++
          waiting.set(last, (outcome) => resume(Effect.succeed(outcome)))
          say(packCalls([[last, { target, method, args, from: "" }]]))
        }),
      )
    const make: RawClient["make"] = (...call) => Effect.map(ask(...call), idIn)
    const over = within(10)(
      Effect.async<void>((resume) => {
        onOver = () => resume(Effect.void)
        if (isOver) onOver()
      }),
    )
    return { socket, say, ask, make, root: make("", ROUTE), over }
  })
