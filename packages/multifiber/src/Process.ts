/**
 * A process: an agent that runs one task and ends. Python's `multiprocessing.Process`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Agent from "./Agent.ts"
import { AgentLink, type LinkExit } from "./agent/AgentLink.ts"
import { Job } from "./agent/Job.ts"
import { orElseAfter, Watched } from "./agent/Watched.ts"
import {
  type EncodingFailed,
  IllegalState,
  type MainGuardMissing,
  StartFailed,
  type TaskError,
  WorkerLost,
} from "./Errors.ts"
import { Platform, type PlatformService } from "./Platform.ts"
import type { Task } from "./Task.ts"

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId = "~multifiber/Process"

/**
 * The handle of a process. Lives in the agent that made it and cannot be sent to others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Process<out A, out E = never> {
  readonly [TypeId]: { readonly _A: () => A; readonly _E: () => E }
  readonly name: string
  readonly daemon: boolean
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Default: `Process-N`, and `Process-N:M` for a child of `Process-N`. */
  readonly name?: string | undefined
  /** A daemonic process ends with its scope and may not start others. Default: as the process that makes it. */
  readonly daemon?: boolean | undefined
  /** How long the process may take to clean up when it is terminated. Default: 1 second. */
  readonly grace?: Duration.DurationInput | undefined
}

/**
 * ```
 * initial --start--> starting --ready--> started --exit--> stopped --close--> closed
 *    |                   |                                    ^
 *    |                   +---------------exit-----------------+
 *    +--close--> closed
 * ```
 */
type State =
  | { readonly _tag: "initial" }
  | { readonly _tag: "starting"; readonly link: AgentLink }
  | { readonly _tag: "started"; readonly link: AgentLink }
  | { readonly _tag: "stopped"; readonly exit: LinkExit }
  | { readonly _tag: "closed" }

class ProcessImpl extends Watched implements Process<unknown, unknown> {
  readonly [TypeId] = { _A: (): unknown => undefined, _E: (): unknown => undefined }
  readonly name: string
  readonly daemon: boolean
  readonly grace: Duration.Duration
  readonly job: Job
  state: State = { _tag: "initial" }
  private readonly path: ReadonlyArray<number>
  private readonly platform: PlatformService

  constructor(platform: PlatformService, job: Job, options: Options) {
    super()
    this.platform = platform
    this.path = Agent.nextPath()
    this.name = options.name ?? Agent.defaultName("Process", this.path)
    this.daemon = options.daemon ?? Agent.current().daemon
    this.grace = Duration.decode(options.grace ?? Duration.seconds(1))
    this.job = job
  }

  /** Throws what `AgentLink` throws. */
  start(): void {
    const { daemon, name, path } = this
    const link = new AgentLink(
      this.platform,
      { name, path, daemon, lifetime: "process" },
      {
        onReady: () => this.enter({ _tag: "started", link }),
        onSettled: () => this.changed(),
        onExit: (exit, lost, unbegun) => this.end(exit, [...lost, ...unbegun]),
        onGone: () => {},
      },
    )
    if (!daemon) this.platform.hold()
    this.state = { _tag: "starting", link }
    link.send([this.job])
    // Its arguments cannot be encoded: the process has nothing to do.
    if (this.job.status !== "waiting") link.stop()
  }

  private end(exit: LinkExit, jobs: ReadonlyArray<Job>): void {
    const cause = exit.error === undefined ? {} : { cause: exit.error }
    for (const job of jobs) {
      job.fail(new WorkerLost({ task: job.task.name, worker: this.name, exitCode: exit.code, ...cause }))
    }
    if (!this.daemon) this.platform.release()
    this.enter({ _tag: "stopped", exit })
  }

  private enter(state: State): void {
    this.state = state
    this.changed()
  }

  /** Waits until the state has an answer. */
  until<A, E>(answer: (state: State) => Effect.Effect<A, E> | undefined): Effect.Effect<A, E> {
    return this.when(this.platform, () => answer(this.state))
  }

  get stopped(): Effect.Effect<void> {
    return this.until((state) => ("link" in state ? undefined : Effect.void))
  }

  get result(): Effect.Effect<Exit.Exit<any, any>> {
    return this.until(() => {
      const { outcome, status } = this.job
      if (status === "waiting") return undefined
      return Effect.succeed(status === "succeeded" ? Exit.succeed(outcome) : Exit.fail(outcome))
    })
  }
}

const internal = (self: Process<unknown, unknown>): ProcessImpl => self as ProcessImpl

const illegal = (self: Process<unknown, unknown>, operation: string): IllegalState =>
  new IllegalState({ operation: `${operation} "${self.name}"`, state: internal(self).state._tag })

/**
 * Makes a process that will run a task; `start` starts it.
 *
 * **Shape** – a thread of the runtime with its own heap. It belongs to the scope: at its end a process that runs is
 * joined where the scope succeeded and the process is not daemonic, else it is terminated. **Errors** –
 * `EncodingFailed` where the task's schema refuses the arguments.
 *
 * **Source** – Python's `Process(target, args, name, daemon)`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Process } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { greet } = Task.module(import.meta.url, { greet: (name: string) => `hello ${name}` })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const process = yield* Process.make(greet, ["world"])
 *   yield* Process.start(process)
 *   yield* Process.join(process)
 *   console.log(process.name, yield* Process.exitCode(process)) // => Process-1 { _id: 'Option', _tag: 'Some', value: 0 }
 *   console.log(yield* yield* Process.result(process)) // => hello world
 * }))
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Args extends ReadonlyArray<any>, A, E>(
  task: Task<Args, A, E>,
  args: Args,
  options: Options = {},
): Effect.Effect<Process<A, E>, EncodingFailed, Platform | Scope.Scope> =>
  Effect.flatMap(Platform, (platform) =>
    Effect.acquireRelease(
      Effect.try({
        try: () => new ProcessImpl(platform, Job.one(task, args), options) as unknown as Process<A, E>,
        catch: (error) => error as EncodingFailed,
      }),
      // Not a closure: the scope keeps it, and would keep the arguments with it.
      release,
    ),
  )

const release = (self: Process<unknown, unknown>, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { state, stopped } = internal(self)
    if (!("link" in state)) return Effect.void
    const end = Effect.zipRight(Effect.ignore(terminate(self)), stopped)
    return Exit.isSuccess(exit) && !self.daemon
      ? Effect.onInterrupt(Effect.interruptible(stopped), () => end)
      : end
  })

/**
 * Starts the process.
 *
 * **Waiting** – suspends the fiber until the agent is ready. **Interruption** – ends the waiting, not the process.
 * **Errors** – `IllegalState` where it was started or closed before, or where this process is daemonic; `StartFailed`;
 * `MainGuardMissing` in a module that an agent imports.
 *
 * @category combinators
 * @since 0.1.0
 */
export const start = (
  self: Process<unknown, unknown>,
): Effect.Effect<void, IllegalState | StartFailed | MainGuardMissing> =>
  Effect.suspend(() => {
    if (internal(self).state._tag !== "initial") return Effect.fail(illegal(self, "start"))
    return Effect.try({
      try: () => internal(self).start(),
      catch: (error) => error as IllegalState | StartFailed | MainGuardMissing,
    })
  }).pipe(
    Effect.zipRight(
      internal(self).until((state): Effect.Effect<void, StartFailed> | undefined => {
        if (state._tag === "starting") return undefined
        if (state._tag !== "stopped" || state.exit.wasReady) return Effect.void
        const cause = state.exit.error ?? new Error(`it ended with exit code ${state.exit.code}`)
        return Effect.fail(new StartFailed({ agent: self.name, cause }))
      }),
    ),
  )

/**
 * Waits until the process has ended; ask `exitCode` how.
 *
 * **Waiting** – suspends the fiber. **Interruption** – ends the waiting, not the process. **Errors** – `IllegalState`
 * before `start` and after `close`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const join = (self: Process<unknown, unknown>): Effect.Effect<void, IllegalState> =>
  Effect.suspend(() => {
    const { state, stopped } = internal(self)
    return state._tag === "initial" || state._tag === "closed" ? Effect.fail(illegal(self, "join")) : stopped
  })

/**
 * Waits until the process has ended, at most as long as `timeout`; ask `isAlive` which of the two it was.
 *
 * **Units** – a `Duration`; zero or less returns at once. **Source** – Python's `join(timeout)`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const joinWithin: {
  (timeout: Duration.DurationInput): (self: Process<unknown, unknown>) => Effect.Effect<void, IllegalState>
  (self: Process<unknown, unknown>, timeout: Duration.DurationInput): Effect.Effect<void, IllegalState>
} = dual(
  2,
  (self: Process<unknown, unknown>, timeout: Duration.DurationInput): Effect.Effect<void, IllegalState> =>
    Effect.asVoid(Effect.timeoutOption(join(self), timeout)),
)

/**
 * Waits for the outcome of the task.
 *
 * **Waiting** – suspends the fiber. **Interruption** – ends the waiting, not the process. **Errors** – none: the `Exit`
 * holds those of the task and every `TaskError`; `WorkerLost` where the process ended before its task did.
 *
 * @category getters
 * @since 0.1.0
 */
export const result = <A, E>(self: Process<A, E>): Effect.Effect<Exit.Exit<A, E | TaskError>> =>
  Effect.suspend(() => internal(self).result)

/**
 * The exit code, once the process has ended: 0 after a normal end, 1 after a failed task or an uncaught error, n after
 * `process.exit(n)`, −15 after `terminate`, −9 after `kill`. Never waits.
 *
 * @category getters
 * @since 0.1.0
 */
export const exitCode = (
  self: Process<unknown, unknown>,
): Effect.Effect<Option.Option<number>, IllegalState> =>
  Effect.suspend(() => {
    const { state } = internal(self)
    if (state._tag === "closed") return Effect.fail(illegal(self, "read the exit code of"))
    return Effect.succeed(state._tag === "stopped" ? Option.some(state.exit.code) : Option.none())
  })

/**
 * Tells whether the process runs. Never waits. Fails with `IllegalState` after `close`.
 *
 * @category getters
 * @since 0.1.0
 */
export const isAlive = (self: Process<unknown, unknown>): Effect.Effect<boolean, IllegalState> =>
  Effect.suspend(() => {
    const { state } = internal(self)
    return state._tag === "closed"
      ? Effect.fail(illegal(self, "ask whether alive"))
      : Effect.succeed("link" in state)
  })

/**
 * Asks the process to end: its fiber is interrupted and its layers are released within the grace period, then it is
 * ended. A process in plain synchronous code is ended at once. Exit code −15. Does not wait; a process that has ended is
 * left as it is.
 *
 * **Errors** – `IllegalState` before `start` and after `close`.
 *
 * **Source** – Python's `terminate`, which sends SIGTERM and runs no finalizer.
 *
 * @category combinators
 * @since 0.1.0
 */
export const terminate = (self: Process<unknown, unknown>): Effect.Effect<void, IllegalState> =>
  stop(self, "terminate", (link) => {
    if (!link.listens) return Effect.sync(() => link.end(-15))
    const { grace, stopped } = internal(self)
    return Effect.zipRight(
      Effect.sync(() => link.stop()),
      Effect.forkDaemon(orElseAfter(stopped, grace, () => link.end(-15))),
    )
  })

/**
 * Ends the process at once. Exit code −9. Does not wait; a process that has ended is left as it is.
 *
 * **Errors** – `IllegalState` before `start` and after `close`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const kill = (self: Process<unknown, unknown>): Effect.Effect<void, IllegalState> =>
  stop(self, "kill", (link) => Effect.sync(() => link.end(-9)))

const stop = (
  self: Process<unknown, unknown>,
  operation: string,
  how: (link: AgentLink) => Effect.Effect<unknown>,
): Effect.Effect<void, IllegalState> =>
  Effect.suspend(() => {
    const { state } = internal(self)
    if (state._tag === "initial" || state._tag === "closed") return Effect.fail(illegal(self, operation))
    return "link" in state ? Effect.asVoid(how(state.link)) : Effect.void
  })

/**
 * Gives the handle up: every operation but another `close` fails with `IllegalState` afterwards.
 *
 * **Errors** – `IllegalState` while the process runs.
 *
 * @category combinators
 * @since 0.1.0
 */
export const close = (self: Process<unknown, unknown>): Effect.Effect<void, IllegalState> =>
  Effect.suspend(() => {
    const process = internal(self)
    if ("link" in process.state) return Effect.fail(illegal(self, "close"))
    process.state = { _tag: "closed" }
    return Effect.void
  })
