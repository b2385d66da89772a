/** What a program and a manager of another program say to each other, over a socket whose other side is trusted. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import * as Agent from "../Agent.ts"
import { Asking } from "../agent/Asking.ts"
import { Batch, eachCall, eachOutcome, packOutcomes, refused } from "../agent/Batch.ts"
import * as Calls from "../agent/Calls.ts"
import * as Membership from "../agent/Membership.ts"
import { Serving } from "../agent/Serving.ts"
import type { ProxyError } from "../BaseProxy.ts"
import { frameOf, messageOf, OVERHEAD, Violation } from "../net/Frames.ts"
import type { Greeted } from "../net/greeting.ts"
import type { Reception } from "../net/Reception.ts"
import type { Wire } from "../net/Wire.ts"
import { invoking } from "../sync/invoking.ts"
import { type Handle, TypeId } from "../sync/managed.ts"
import { decode, encodeForProgram } from "../wire/Message.ts"
import {
  type Call,
  type CallRun,
  type ToManager as Message,
  type Numbered,
  Op,
  type Outcome,
  type Outcomes,
} from "../wire/Protocol.ts"
import { ToManager } from "./ToManager.ts"

/** Whoever is asked for this gives what the manager has to begin with. The method is the name that begins the ids of the other side. */
const ROOT = ""

/** So many questions of one program may have no answer yet. */
const MOST_CALLS = 2 ** 16

/** Reads messages until the socket ends, or breaks the rules. */
const listen = (
  wire: Wire,
  heard: (message: unknown) => void,
  ready: Effect.Effect<void>,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let content = yield* wire.read; content !== undefined; content = yield* wire.read) {
      const frame = content
      yield* Effect.try({
        try: () => heard(decode(messageOf(frame))),
        catch: (thrown) => {
          if (thrown instanceof Violation) return thrown
          throw thrown
        },
      })
      yield* ready
    }
  }).pipe(
    Effect.catchAll((violation) =>
      Effect.logWarning(
        `A connection of a manager is closed, whose other side has sent ${violation.message}`,
      ),
    ),
    Effect.tapDefect((cause) => Effect.logError("A connection of a manager is closed", cause)),
    // What was answered shall arrive.
    Effect.onExit((exit) => (Exit.isInterrupted(exit) ? wire.hangUp : wire.destroy)),
  )

const isNumbers = (u: unknown): u is ReadonlyArray<number> =>
  Array.isArray(u) && u.every(Number.isSafeInteger)

const isText = (u: unknown): u is string => typeof u === "string"

const isRun = (u: unknown): boolean => {
  const { args, arity, from, ids, method, target } = Object(u)
  return (
    isText(target) &&
    isText(method) &&
    (from === undefined || isText(from)) &&
    isNumbers(ids) &&
    Array.isArray(args) &&
    Number.isSafeInteger(arity) &&
    arity >= 0 &&
    args.length === arity * ids.length
  )
}

const isMessage = (u: unknown): u is Message => {
  const { agent, id, op, runs, target, times } = Object(u)
  switch (op) {
    case Op.Calls:
      return Array.isArray(runs) && runs.every(isRun)
    case Op.Cancel:
      return Number.isSafeInteger(id)
    case Op.Release:
      return isText(target) && (times === undefined || Number.isSafeInteger(times))
    case Op.Left:
      return isText(agent)
    default:
      return false
  }
}

const isOutcomes = (u: unknown): u is Outcomes => {
  const { ids, op, others, values } = Object(u)
  return (
    op === Op.Outcomes &&
    isNumbers(ids) &&
    Array.isArray(values) &&
    values.length === ids.length &&
    Array.isArray(others) &&
    others.every((other) => Array.isArray(other) && isText(Object(other[1]).is))
  )
}

const NO_MESSAGE = "what is no message of a manager"

/** What is short fits into any message, unless the other side takes none. */
const orHangUp = (wire: Wire, send: () => void): void => {
  try {
    send()
  } catch {
    wire.socket.destroy()
  }
}

let sessions = 0

/** Serves another program until it is gone. */
const serve = ({ theirs, wire }: Greeted, root: Handle, maxMessage: number): Effect.Effect<void> => {
  wire.reader.limit = maxMessage + OVERHEAD
  sessions++
  // Others may serve the same manager, in other agents.
  const name = `s${sessions}@${Agent.state().path.join(".")}`
  const post = (outcomes: ReadonlyArray<Numbered<Outcome>>) =>
    wire.send(frameOf(encodeForProgram(packOutcomes(outcomes), serving.leases, theirs)))
  const batch = new Batch<Outcome>(post, (id, outcome, cause) =>
    orHangUp(wire, () => post([[id, refused(outcome, cause)]])),
  )
  const serving = new Serving(
    (id, outcome) => batch.add(id, outcome, outcome.is === "done" ? [outcome.value] : []),
    true,
  )
  const withName = (agent: string | undefined) => (agent ? `${name}:${agent}` : name)
  const heardCall = (id: number, call: Call): void => {
    if (call.target !== ROOT) return
    serving.own = Calls.idBy(call.method, "")
    batch.add(id, { is: "done", value: root }, [root])
  }
  const heardCalls = (runs: ReadonlyArray<CallRun>): void => {
    const ids = new Set(runs.flatMap(({ ids }) => ids))
    if (serving.size + ids.size > MOST_CALLS) throw new Violation(`more than ${MOST_CALLS} calls at a time`)
    const isNew = runs.reduce((sum, run) => sum + run.ids.length, 0) === ids.size
    if (!isNew || [...ids].some((id) => serving.has(id))) throw new Violation("two calls of the same number")
    eachCall(runs, heardCall)
    const others = runs.filter(({ target }) => target !== ROOT)
    serving.receive({ op: Op.Calls, runs: others.map((run) => ({ ...run, from: withName(run.from) })) })
  }
  const heard = (message: unknown): void => {
    if (!isMessage(message)) throw new Violation(NO_MESSAGE)
    if (message.op === Op.Calls) heardCalls(message.runs)
    else if (message.op === Op.Left) serving.guests.leave(withName(message.agent))
    else serving.receive(message)
  }
  return Effect.ensuring(
    listen(wire, heard, wire.drained),
    Effect.sync(() => {
      serving.end()
      serving.guests.leave(name)
    }),
  )
}

/** Serves whoever is trusted, until the end of the scope; returns how many are connected. */
export const serveAll = (
  reception: Reception,
  root: Handle,
): Effect.Effect<Effect.Effect<number>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const running = yield* FiberSet.make<void>()
    const acceptOne = Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(reception.next(restore), (greeted) =>
        FiberSet.run(running, Effect.interruptible(serve(greeted, root, reception.terms.maxMessage))),
      ),
    )
    yield* acceptOne.pipe(
      Effect.catchTag("AuthFailed", (error) => Effect.logDebug("A program is refused", error)),
      Effect.forever,
      Effect.catchTag("Closed", () => Effect.void),
      Effect.forkScoped,
    )
    return FiberSet.size(running)
  })

/** The manager, before it is known what it has to begin with. */
const rootBy = (route: string): Handle => ({ [TypeId]: { id: Calls.idBy(route, ROOT), times: undefined } })

/** Connects this agent to a manager of another program; returns what it has to begin with, and what waits until it is gone. */
export const join = (
  { theirs, wire }: Greeted,
  manager: string,
  maxMessage: number,
): { readonly root: Effect.Effect<Handle, ProxyError>; readonly ended: Effect.Effect<void> } => {
  wire.reader.limit = maxMessage + OVERHEAD
  const name = Membership.nextName()
  const asking = new Asking()
  const send = (message: Message, home: string) =>
    wire.send(frameOf(encodeForProgram(message, undefined, theirs, home)))
  const way = new ToManager(name, manager, asking, (message, home) => {
    if (message.op === Op.Calls) send(message, home)
    else orHangUp(wire, () => send(message, home))
  })
  const heard = (message: unknown): void => {
    if (!isOutcomes(message)) throw new Violation(NO_MESSAGE)
    eachOutcome(message, (id, outcome) => asking.settle(id, outcome))
  }
  Agent.state().routes.set(name, way)
  return {
    root: invoking()<Handle>(rootBy(name), name, []),
    ended: Effect.ensuring(
      listen(wire, heard, Effect.void),
      Effect.sync(() => way.close()),
    ),
  }
}
