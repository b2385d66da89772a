/** How a manager is started, and how it ends. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Agent from "../Agent.ts"
import type { AgentLink } from "../agent/AgentLink.ts"
import * as Calls from "../agent/Calls.ts"
import type { Child, State } from "../agent/Child.ts"
import * as Membership from "../agent/Membership.ts"
import type { ProxyError } from "../BaseProxy.ts"
import type { IllegalState, MainGuardMissing, StartFailed, TaskError, Unsupported } from "../Errors.ts"
import type { Options } from "../Manager.ts"
import type { Platform } from "../Platform.ts"
import * as Process from "../Process.ts"
import { invoking } from "../sync/invoking.ts"
import { type Handle, TypeId } from "../sync/managed.ts"
import type { Task } from "../Task.ts"
import { END, ROOT, server } from "./server.ts"
import { ToManager } from "./ToManager.ts"

/** A manager that this agent has started. */
export interface Own {
  readonly process: Process.Process<unknown, unknown>
  /** What it has to begin with. */
  readonly root: Handle
  /** Returns once it has ended. */
  readonly shutdown: Effect.Effect<void>
}

/** Those of this agent, by the ways to them, also where they have ended. */
const owned = new WeakMap<Agent.Route, Own>()

/** The one that has what has this id, if this agent has started it. */
export const ownBy = (id: string): Own | undefined => {
  const way = Calls.routeTo(id)?.route
  return way && owned.get(way)
}

const nameOf = ({ name, url }: Task.Any) => ({ name, url })

/** Starts one for a scope, and returns once it serves. */
export const start = ({
  initializer,
  name,
  register = [],
  shutdownTimeout = "1 second",
}: Options): Effect.Effect<
  Own,
  StartFailed | IllegalState | MainGuardMissing | Unsupported | TaskError | ProxyError,
  Platform | Scope.Scope
> =>
  Effect.gen(function* () {
    const route = Membership.nextName()
    const config = {
      route,
      register: register.map(nameOf),
      initializer: initializer && { task: nameOf(initializer.task), args: initializer.args ?? [] },
    }
    const options = { daemon: false, name, grace: shutdownTimeout }
    const process = yield* Process.make(server, [config], options)
    yield* Process.start(process)
    const child = process as unknown as Child
    const { link } = child.state as { readonly link: AgentLink }
    const way = new ToManager(route, process.name, link.asking, (message, home) => link.tell(message, home))
    const root: Handle = { [TypeId]: { id: Calls.idBy(route, ROOT), times: undefined } }
    let isExpectedToEnd = true
    const end = Effect.suspend(() => {
      way.close()
      if (isExpectedToEnd) return Effect.void
      const { error } = (child.state as Extract<State, { readonly _tag: "stopped" }>).exit
      return Effect.logWarning(`A manager has ended: ${child}`, ...(error === undefined ? [] : [error]))
    })
    yield* Effect.forkDaemon(Effect.zipRight(child.stopped, end))
    const shutdown = Effect.suspend(() => {
      isExpectedToEnd = true
      way.call({ target: END, method: "stop", args: [] }, () => {})
      way.close()
      return Effect.flatMap(
        Effect.timeoutOption(Effect.interruptible(child.stopped), shutdownTimeout),
        Option.match({ onSome: () => Effect.void, onNone: () => force }),
      )
    })
    const force = Effect.logWarning(
      `The manager "${process.name}" is terminated: it has not ended within ${Duration.format(shutdownTimeout)}`,
    ).pipe(
      // Where it cannot be terminated, it has just ended.
      Effect.zipRight(Effect.ignore(Process.terminate(process))),
      Effect.zipRight(child.stopped),
    )
    const own = { process, root, shutdown }
    Agent.state().routes.set(route, way)
    owned.set(way, own)
    yield* Effect.addFinalizer(() => shutdown)
    // Where it cannot serve, its task tells why.
    const failed = Effect.flatMap(Process.result(process), (exit) =>
      Exit.isFailure(exit) ? exit : Effect.never,
    )
    yield* Effect.raceFirst(invoking()<void>(root, "ready", []), failed).pipe(
      Effect.catchTag("ManagerClosed", () => failed),
    )
    isExpectedToEnd = false
    return own
  })
