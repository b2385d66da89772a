/**
 * How messages are read by fibers: some hold only the name of a value with shared memory in it, which is asked for once the message
 * is taken.
 */
import * as Effect from "effect/Effect"
import * as Loans from "../agent/Loans.ts"
import { copy, decode, loanIn, loanOf, type Message } from "../wire/Message.ts"
import { arrive, pass } from "./travelling.ts"

/** What an agent in between has taken for another one: the message, or the value that it named. */
export type Received = Message | { readonly borrowed: unknown }

export const isBorrowed = (received: Received): received is Exclude<Received, Message> =>
  typeof received === "object" && "borrowed" in received

/** What is left to do once a message is taken. */
class Asked {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A way to read messages. */
export interface Reading<A> {
  /** In the turn of the reader, a message that lies in shared memory. */
  readonly take: (message: Message) => A | Asked
  /** A value that the message named, and that has arrived. */
  readonly borrow: (value: unknown) => A
  /** What another agent has taken. */
  readonly receive: (received: Received) => A
}

const unlessAsked =
  <A>(read: (message: Message) => A) =>
  (message: Message): A | Asked => {
    const name = loanOf(message)
    return name === undefined ? read(message) : new Asked(name)
  }

/** Reads values. */
export const values: Reading<unknown> = {
  take: unlessAsked(decode),
  borrow: (value) => {
    arrive(value)
    return value
  },
  receive: (received) => {
    if (!isBorrowed(received)) return decode(received)
    arrive(received.borrowed)
    return received.borrowed
  },
}

/** What is to be done once others have what was taken for them. */
const passed = new WeakMap<object, () => void>()

/** An agent has what was taken for it. */
export const wasPassed = (received: unknown): void => {
  if (typeof received === "object" && received !== null) passed.get(received)?.()
}

/** Takes messages for another agent. */
export const forAnother: Reading<Received> = {
  take: unlessAsked(copy),
  borrow: (borrowed) => {
    const received = { borrowed }
    passed.set(received, pass(borrowed))
    return received
  },
  receive: (received) => received,
}

/** Reads the bytes of messages. */
export const bytesBy = (read: (message: Message) => Uint8Array): Reading<Uint8Array> => ({
  take: read,
  borrow: () => new Uint8Array(),
  receive: (received) => read(received as Message),
})

const LOST = Symbol("multifiber/lost")

/** Asks for the value where the message that was taken only names it; where that was lost with its sender, for the next. */
export const complete = <A, N, E>(
  how: Reading<A>,
  taking: Effect.Effect<A | Asked | N, E>,
): Effect.Effect<A | N, E> =>
  Effect.flatMap(taking, (taken) => {
    if (!(taken instanceof Asked)) return Effect.succeed<A | N>(taken)
    const borrowed = Effect.async<A | typeof LOST>((resume) =>
      Loans.borrow(
        taken.name,
        (value) => resume(Effect.sync(() => how.borrow(value))),
        () => resume(Effect.succeed(LOST)),
      ),
    )
    return Effect.flatMap(Effect.uninterruptible(borrowed), (value) =>
      value === LOST ? complete(how, taking) : Effect.succeed(value),
    )
  })

/** Puts or sends a message; what it lends is not on its way where that fails. */
export const withLoan = <A, E>(message: Message, sending: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  const loan = loanIn(message)
  return loan === undefined ? sending : Effect.ensuring(sending, Effect.sync(loan.drop))
}
