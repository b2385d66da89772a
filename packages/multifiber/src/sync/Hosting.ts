/** What an agent does for those that use something through it. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Calls from "../agent/Calls.ts"
import * as Connection from "../Connection.ts"
import type { Connection as AnyConnection } from "../ConnectionSync.ts"
import * as JoinableQueue from "../JoinableQueue.ts"
import * as Queue from "../Queue.ts"
import type { Message } from "../wire/Message.ts"
import type { Call, Outcome } from "../wire/Protocol.ts"
import { forAnother, wasPassed } from "./borrowing.ts"
import { NOTHING } from "./LocalTurn.ts"
import { pass } from "./travelling.ts"

/** The operations on a kind of handle. */
type Operations<Handle> = Readonly<
  Record<string, (handle: Handle, ...args: ReadonlyArray<any>) => Effect.Effect<unknown, object>>
>

/** Whether this agent may use it still is not what the others depend on. */
const mayAlways = (): void => {}

const ofQueue: Operations<JoinableQueue.JoinableQueue<any>> = {
  put: (self, message: Message, milliseconds?: number) =>
    Queue.putMessage(self, message, milliseconds, mayAlways),
  get: (self, milliseconds?: number) => Queue.takeMessage(self, forAnother, milliseconds, mayAlways),
  putBack: (self, message: Message) => Queue.putBackMessage(self, message),
  seen: Queue.seen,
  shutdown: Queue.shutdown,
  poll: (self, milliseconds?: number) => Queue.pollMessage(self, milliseconds, mayAlways),
  taskDone: JoinableQueue.taskDone,
  join: JoinableQueue.join,
  joinWithin: (self, milliseconds: number) => JoinableQueue.joinWithin(self, milliseconds),
  unfinishedTasks: JoinableQueue.unfinishedTasks,
}

const ofConnection: Operations<AnyConnection<never, any>> = {
  send: (self, message: Message) => Connection.sendMessage(self, message, mayAlways),
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

/** Performs an operation; returns what withdraws it. There is an answer in any case. */
export const perform = (handle: any, { args, method }: Call, reply: Calls.Reply): (() => void) => {
  const operations: Operations<any> = Queue.isQueue(handle) ? ofQueue : ofConnection
  const operation = operations[method]?.(handle, ...args) ?? Effect.dieMessage(`there is no ${method}`)
  const fiber = Effect.runFork(operation)
  fiber.addObserver((exit) => {
    reply(outcomeOf(exit))
    if (Exit.isSuccess(exit)) wasPassed(exit.value)
  })
  return () => fiber.unsafeInterruptAsFork(fiber.id())
}

/** Asks the starter, for an agent that gets what handles come with the answer through this one. */
export const forward = (call: Call, reply: Calls.Reply): (() => void) =>
  Calls.call(call, (outcome) => {
    const passed = pass(outcome)
    reply(outcome)
    passed()
  })
