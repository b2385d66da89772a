/** What an agent does for those that use something through it. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as SharedArray from "../Array.ts"
import * as Calls from "../agent/Calls.ts"
import type { Guest } from "../agent/Guests.ts"
import * as Barrier from "../Barrier.ts"
import * as BoundedSemaphore from "../BoundedSemaphore.ts"
import * as Condition from "../Condition.ts"
import * as Connection from "../Connection.ts"
import type { Connection as AnyConnection } from "../ConnectionSync.ts"
import { EncodingFailed } from "../Errors.ts"
import * as Event from "../Event.ts"
import * as JoinableQueue from "../JoinableQueue.ts"
import * as Lock from "../Lock.ts"
import * as Queue from "../Queue.ts"
import * as RLock from "../RLock.ts"
import * as Semaphore from "../Semaphore.ts"
import * as Value from "../Value.ts"
import { describe } from "../wire/EncodedError.ts"
import { decode, isReadable, type Message } from "../wire/Message.ts"
import type { Call, Outcome } from "../wire/Protocol.ts"
import type { Actions, Hosted, Operations, SideOf } from "./acting.ts"
import { forAnother, wasPassed } from "./borrowing.ts"
import { NOTHING } from "./LocalTurn.ts"
import * as managed from "./managed.ts"
import * as performing from "./performing.ts"
import { adopt, pass } from "./travelling.ts"

/** Whether this agent may use it still is not what the others depend on. */
const mayAlways = (): void => {}

/** A message of another agent, or of another program, which may say anything: it has to be one that others can read. */
const checked = (message: Message): Effect.Effect<Message, EncodingFailed> =>
  Effect.try({
    try: () => {
      if (!isReadable(message)) throw new TypeError("it is no message")
      decode(message)
      return message
    },
    catch: (cause) => new EncodingFailed({ subject: "message", value: describe(message), cause }),
  })

const ofQueue: Operations<JoinableQueue.JoinableQueue<any>> = {
  put: (self, message: Message, milliseconds?: number) =>
    Effect.flatMap(checked(message), (message) => Queue.putMessage(self, message, milliseconds, mayAlways)),
  get: (self, milliseconds?: number) => Queue.takeMessage(self, forAnother, milliseconds, mayAlways),
  // Whoever gives it back may be about to go.
  putBack: (self, message: Message) =>
    Effect.uninterruptible(
      Effect.flatMap(checked(message), (message) => Queue.putBackMessage(self, message)),
    ),
  seen: Queue.seen,
  shutdown: Queue.shutdown,
  poll: (self, milliseconds?: number) => Queue.pollMessage(self, milliseconds, mayAlways),
  taskDone: JoinableQueue.taskDone,
  join: JoinableQueue.join,
  joinWithin: (self, milliseconds: number) => JoinableQueue.joinWithin(self, milliseconds),
  unfinishedTasks: JoinableQueue.unfinishedTasks,
}

const ofConnection: Operations<AnyConnection<never, any>> = {
  send: (self, message: Message) =>
    Effect.flatMap(checked(message), (message) => Connection.sendMessage(self, message, mayAlways)),
  recv: (self, milliseconds?: number) => Connection.recvMessage(self, forAnother, milliseconds, mayAlways),
  poll: (self, milliseconds?: number) => Connection.pollMessage(self, milliseconds, mayAlways),
}

const outcomeOf = (exit: Exit.Exit<unknown, object>): Outcome => {
  if (Exit.isSuccess(exit)) {
    return exit.value === NOTHING ? { is: "nothing" } : { is: "done", value: exit.value }
  }
  if (Cause.isInterruptedOnly(exit.cause)) return { is: "withdrawn" }
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause)) as
    | { readonly _tag: string }
    | undefined
  const fields = { operation: "do this for another agent", state: Cause.pretty(exit.cause) }
  return failure === undefined
    ? { is: "failed", tag: "IllegalState", fields }
    : { is: "failed", tag: failure._tag, fields: { ...failure } }
}

const HOSTED: ReadonlyArray<Hosted> = [
  Lock.hosted,
  RLock.hosted,
  Semaphore.hosted,
  BoundedSemaphore.hosted,
  Event.hosted,
  Condition.hosted,
  Barrier.hosted,
  Value.hosted,
  SharedArray.hosted,
]

/** What the guest keeps of it here, such as its place among those that share the memory. */
const sideFor =
  (guest: Guest): SideOf =>
  (handle) => {
    const hosted = hostedOf(handle) as Hosted
    const { id } = handle[hosted.typeId]
    const known = guest.sides.get(id)
    if (known !== undefined) return known
    const side = hosted.sideFor(handle, guest, sideFor(guest))
    guest.sides.set(id, side)
    return side
  }

const hostedOf = (handle: object) => HOSTED.find(({ typeId }) => typeId in handle)

/** An action fails with what it throws of this library's errors. */
const doing = (action: Actions<any>[string], side: unknown, args: ReadonlyArray<unknown>) =>
  Effect.catchAll(
    Effect.try({ try: () => action(side, ...args), catch: (error) => error as object }),
    (error) => ("_tag" in error ? Effect.fail(error) : Effect.die(error)),
  )

/** Who asks may be another program, which may ask for anything. */
const own = <A>(table: Readonly<Record<string, A>>, method: string): A | undefined =>
  Object.hasOwn(table, method) ? table[method] : undefined

const operationFor = (
  handle: any,
  { args, method }: Call,
  guest: Guest,
): Effect.Effect<unknown, object> | undefined => {
  const hosted = hostedOf(handle)
  if (hosted === undefined)
    return own<any>(Queue.isQueue(handle) ? ofQueue : ofConnection, method)?.(handle, ...args)
  const { actions, effects } = hosted
  const side = sideFor(guest)(handle)
  const action = own(actions, method)
  return action ? doing(action, side, args) : own(effects, method)?.(side, ...args)
}

/** Performs an operation for a guest; returns what withdraws it. There is an answer in any case. */
export const perform = (handle: object, call: Call, reply: Calls.Reply, guest: Guest): (() => void) => {
  if (managed.isHandle(handle)) {
    adopt(call.args)
    return performing.perform(managed.entryBy(handle) as managed.Entry, call.method, call.args, reply)
  }
  const operation = Effect.suspend(
    () => operationFor(handle, call, guest) ?? Effect.dieMessage(`there is no ${call.method}`),
  )
  const over = guest.begin()
  const fiber = Effect.runFork(operation)
  fiber.addObserver((exit) => {
    over()
    reply(outcomeOf(exit))
    if (Exit.isSuccess(exit)) wasPassed(exit.value)
  })
  return () => fiber.unsafeInterruptAsFork(fiber.id())
}

/** Asks who has it, for an agent that gets what handles come with the answer through this one. */
export const forward = (call: Call, reply: Calls.Reply): (() => void) => {
  const argsPassed = pass(call.args)
  const withdraw = Calls.call(call, (outcome) => {
    const passed = pass(outcome)
    reply(outcome)
    passed()
  })
  argsPassed()
  return withdraw
}
