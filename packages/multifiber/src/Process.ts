/**
 * A process: an agent that runs one task and ends. Python's `multiprocessing.Process`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Agent from "./Agent.ts"
import type { AgentLink } from "./agent/AgentLink.ts"
import { callOf } from "./agent/Call.ts"
import { Child, surroundings } from "./agent/Child.ts"
import { Job } from "./agent/Job.ts"
import { orElseAfter } from "./agent/Watched.ts"
import {
  type EncodingFailed,
  IllegalState,
  InvalidArgument,
  type MainGuardMissing,
  StartFailed,
  type TaskError,
  type Unsupported,
} from "./Errors.ts"
import { Platform } from "./Platform.ts"
import type { Task } from "./Task.ts"
import { make as makeWaitable, type Waitable } from "./Waitable.ts"

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
  readonly startMethod: Agent.StartMethod
}

/**
 * What is known of a process. Old when it arrives.
 *
 * @category models
 * @since 0.2.0
 */
export interface Statistics {
  readonly name: string
  readonly daemon: boolean
  readonly startMethod: Agent.StartMethod
  readonly status: "initial" | "started" | "stopped" | "closed"
  /** The OS process that it runs or ran in. */
  readonly pid: Option.Option<number>
  /** Its own number in the program: that of the thread, or of the OS process. */
  readonly ident: Option.Option<number>
  readonly exitCode: Option.Option<number>
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
  /**
   * Hands what the process logs, by Effect or by `console`, to the loggers of the fiber that makes it, with `process` and
   * `ident` as annotations. Otherwise it logs by itself. Default: `true`.
   */
  readonly logging?: boolean | undefined
  /**
   * What becomes of its standard output and error: they are those of the program, or pipes that `stdout` and `stderr`
   * read. For the start method `spawn`. With `logging`, `console` writes to the loggers and not there. Default: `inherit`.
   */
  readonly stdio?: "inherit" | "pipe" | undefined
}

const internal = (self: Process<unknown, unknown>): Child => self as Child

const illegal = (self: Process<unknown, unknown>, operation: string): IllegalState =>
  new IllegalState({ operation: `${operation} "${self.name}"`, state: internal(self).state._tag })

/**
 * Makes a process that will run a task; `start` starts it.
 *
 * **Shape** – a thread of the runtime with its own heap. It belongs to the scope: at its end a process that runs is
 * joined where the scope succeeded and the process is not daemonic, else it is terminated. **Errors** –
 * `EncodingFailed` where the task's schema refuses the arguments; `Unsupported` for pipes where no OS process is started
 * for it alone.
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
): Effect.Effect<Process<A, E>, EncodingFailed | Unsupported, Platform | Scope.Scope> =>
  Effect.flatMap(surroundings, (from) =>
    Effect.acquireRelease(
      Effect.try({
        try: () =>
          new Child(from, Job.one(callOf(task, args.length), args), options) as unknown as Process<A, E>,
        catch: (error) => error as EncodingFailed | Unsupported,
      }),
      // Not a closure: the scope keeps it, and would keep the arguments with it.
      release,
    ),
  )

const release = (self: Process<unknown, unknown>, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { state, stopped } = internal(self)
    if (!("link" in state)) return Effect.void
    // Where it cannot be terminated it has ended, and was closed meanwhile.
    const end = Effect.zipRight(Effect.ignore(terminate(self)), stopped)
    return Exit.isSuccess(exit) && !self.daemon
      ? Effect.onInterrupt(Effect.interruptible(stopped), () => end)
      : end
  })

/**
 * Renames the process before its start.
 *
 * **Errors** – `IllegalState` once it was started or closed; `InvalidArgument` for what is no text.
 *
 * **Source** – Python's `name`, which may be set at any time and then says nothing of the name that the child has.
 *
 * @category combinators
 * @since 0.2.0
 */
export const setName: {
  (name: string): (self: Process<unknown, unknown>) => Effect.Effect<void, IllegalState | InvalidArgument>
  (self: Process<unknown, unknown>, name: string): Effect.Effect<void, IllegalState | InvalidArgument>
} = dual(
  2,
  (self: Process<unknown, unknown>, name: string): Effect.Effect<void, IllegalState | InvalidArgument> =>
    Effect.suspend((): Effect.Effect<void, IllegalState | InvalidArgument> => {
      if (internal(self).state._tag !== "initial") return Effect.fail(illegal(self, "rename"))
      if (typeof name !== "string" || name === "") {
        return Effect.fail(new InvalidArgument({ argument: "name", value: name, expected: "a text" }))
      }
      internal(self).name = name
      return Effect.void
    }),
)

/**
 * Makes the process daemonic, or not, before its start.
 *
 * **Errors** – `IllegalState` once it was started or closed.
 *
 * **Source** – Python's `daemon`.
 *
 * @category combinators
 * @since 0.2.0
 */
export const setDaemon: {
  (daemon: boolean): (self: Process<unknown, unknown>) => Effect.Effect<void, IllegalState>
  (self: Process<unknown, unknown>, daemon: boolean): Effect.Effect<void, IllegalState>
} = dual(
  2,
  (self: Process<unknown, unknown>, daemon: boolean): Effect.Effect<void, IllegalState> =>
    Effect.suspend(() => {
      if (internal(self).state._tag !== "initial") return Effect.fail(illegal(self, "set the daemon flag of"))
      internal(self).daemon = daemon
      return Effect.void
    }),
)

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
  Effect.withFiberRuntime<void, IllegalState | StartFailed | MainGuardMissing>(({ currentSpan }) => {
    if (internal(self).state._tag !== "initial") return Effect.fail(illegal(self, "start"))
    return Effect.try({
      try: () => internal(self).start(currentSpan),
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
  unlessClosed(self, "read the exit code of", ({ statistics }) => statistics.exitCode)

const unlessClosed = <A>(
  self: Process<unknown, unknown>,
  operation: string,
  answer: (process: Child) => A,
): Effect.Effect<A, IllegalState> =>
  Effect.suspend(() => {
    const process = internal(self)
    return process.state._tag === "closed"
      ? Effect.fail(illegal(self, operation))
      : Effect.succeed(answer(process))
  })

/**
 * The id of the OS process that it runs in, once it was started: for a thread that of its starter. Never waits. Fails
 * with `IllegalState` after `close`.
 *
 * @category getters
 * @since 0.2.0
 */
export const pid = (self: Process<unknown, unknown>): Effect.Effect<Option.Option<number>, IllegalState> =>
  unlessClosed(self, "read the pid of", ({ ids }) => Option.fromNullable(ids?.pid))

/**
 * Its own number in the program, once it was started: that of the thread, or of the OS process. Never waits. Fails with
 * `IllegalState` after `close`.
 *
 * **Source** – Python's `ident`, which is the pid.
 *
 * @category getters
 * @since 0.2.0
 */
export const ident = (self: Process<unknown, unknown>): Effect.Effect<Option.Option<number>, IllegalState> =>
  unlessClosed(self, "read the ident of", ({ ids }) => Option.fromNullable(ids?.ident))

const read = (
  self: Process<unknown, unknown>,
  name: "stdout" | "stderr",
): Stream.Stream<Uint8Array, IllegalState> =>
  Stream.unwrap(
    Effect.map(
      unlessClosed(self, `read the ${name} of`, (process) => process.take(name)),
      (bytes) => bytes ?? Stream.fail(illegal(self, `read the ${name} of`)),
    ),
  )

/**
 * Its standard output, where it was made with `stdio: "pipe"`.
 *
 * **Shape** – chunks as they come, until the process has ended; may be read once. **Waiting** – suspends the fiber. A
 * process that nobody reads from waits in turn, when its pipe is full. **Errors** – `IllegalState` before `start`, after
 * `close`, at a second reading, and where there is no pipe. A pipe that cannot be read from is a defect.
 *
 * **Source** – not in Python's `multiprocessing`; `subprocess.PIPE` there.
 *
 * @category getters
 * @since 0.2.0
 */
export const stdout = (self: Process<unknown, unknown>): Stream.Stream<Uint8Array, IllegalState> =>
  read(self, "stdout")

/**
 * Its standard error, as `stdout`.
 *
 * @category getters
 * @since 0.2.0
 */
export const stderr = (self: Process<unknown, unknown>): Stream.Stream<Uint8Array, IllegalState> =>
  read(self, "stderr")

/**
 * Something that becomes ready when the process ends, to wait for several at once with `Waitable.wait`.
 *
 * **Errors** – `IllegalState` before `start` and after `close`.
 *
 * **Source** – Python's `sentinel`, a handle of the operating system.
 *
 * @category getters
 * @since 0.2.0
 */
export const sentinel = (self: Process<unknown, unknown>): Effect.Effect<Waitable, IllegalState> =>
  Effect.suspend(() => {
    const process = internal(self)
    const { _tag } = process.state
    if (_tag === "initial" || _tag === "closed") return Effect.fail(illegal(self, "take the sentinel of"))
    return Effect.succeed(
      makeWaitable(
        () => !("link" in process.state),
        () => process.stopped,
      ),
    )
  })

/**
 * What is known of the process. Never waits, never fails. A process also prints as such a line:
 * `<Process Process-1 pid=4711 stopped exitCode=0>`.
 *
 * @category getters
 * @since 0.2.0
 */
export const statistics = (self: Process<unknown, unknown>): Effect.Effect<Statistics> =>
  Effect.sync(() => internal(self).statistics)

/**
 * The process that runs this code: `MainProcess` in the main agent of the program.
 *
 * **Source** – Python's `current_process`.
 *
 * @category getters
 * @since 0.2.0
 */
export const current: Effect.Effect<Agent.Agent & { readonly pid: number }, never, Platform> = Effect.map(
  Platform,
  ({ pid }) => ({ ...Agent.current(), pid }),
)

/**
 * The process that started this one; none in the main agent of the program.
 *
 * **Source** – Python's `parent_process`. Its `is_alive` would always be true here: a child does not outlive its parent.
 *
 * @category getters
 * @since 0.2.0
 */
export const parent: Effect.Effect<Option.Option<Agent.Parent>> = Effect.sync(() =>
  Option.fromNullable(Agent.current().parent),
)

/**
 * The processes that this agent started and that run, the oldest first. The workers of its pools are not among them.
 *
 * **Source** – Python's `active_children`, which names the workers of pools too.
 *
 * @category getters
 * @since 0.2.0
 */
export const activeChildren: Effect.Effect<ReadonlyArray<Process<unknown, unknown>>> = Effect.sync(() =>
  Array.from(Agent.state().active, (process) => process as Child),
)

/**
 * The logical cores of the machine, at least 1. What this process may use is `usableCores`.
 *
 * **Source** – Python's `cpu_count`.
 *
 * @category getters
 * @since 0.2.0
 */
export const cpuCount: Effect.Effect<number, never, Platform> = Effect.map(
  Platform,
  (platform) => platform.cpuCount,
)

/**
 * The cores that this process may use, at least 1: the default size of a pool.
 *
 * **Source** – Python's `os.process_cpu_count`.
 *
 * @category getters
 * @since 0.2.0
 */
export const usableCores: Effect.Effect<number, never, Platform> = Effect.map(Platform, ({ cores }) => cores)

/**
 * Tells whether the process runs. Never waits. Fails with `IllegalState` after `close`.
 *
 * @category getters
 * @since 0.1.0
 */
export const isAlive = (self: Process<unknown, unknown>): Effect.Effect<boolean, IllegalState> =>
  unlessClosed(self, "ask whether alive", ({ state }) => "link" in state)

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
 * Interrupts the Effect that the process runs: its finalizers run, the task fails with `TaskInterrupted`, and the process
 * ends with exit code 1. Does not wait; a process that has ended is left as it is. A plain function runs on: it ends by
 * `terminate` or `kill`.
 *
 * **Errors** – `IllegalState` before `start` and after `close`.
 *
 * **Source** – Python's `interrupt` (3.14), which sends SIGINT.
 *
 * @category combinators
 * @since 0.2.0
 */
export const interrupt = (self: Process<unknown, unknown>): Effect.Effect<void, IllegalState> =>
  stop(self, "interrupt", (link) => Effect.sync(() => link.interrupt()))

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
