/** A process from its starter's side: starts the agent, follows its states, accounts for its task. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AnySpan } from "effect/Tracer"
import * as Agent from "../Agent.ts"
import { Unsupported, WorkerLost } from "../Errors.ts"
import { Platform, type PlatformService } from "../Platform.ts"
import type { Options, Process, Statistics } from "../Process.ts"
import { startMethodOf } from "../StartMethod.ts"
import { AgentLink, type LinkExit } from "./AgentLink.ts"
import type { Job } from "./Job.ts"
import { type Logs, logsOfCaller } from "./Logs.ts"
import { Watched } from "./Watched.ts"

/**
 * ```
 * initial --start--> starting --ready--> started --exit--> stopped --close--> closed
 *    |                   |                                    ^
 *    |                   +---------------exit-----------------+
 *    +--close--> closed
 * ```
 */
export type State =
  | { readonly _tag: "initial" }
  | { readonly _tag: "starting"; readonly link: AgentLink }
  | { readonly _tag: "started"; readonly link: AgentLink }
  | { readonly _tag: "stopped"; readonly exit: LinkExit }
  | { readonly _tag: "closed" }

/** What a process takes over from the fiber that makes it. */
export interface Surroundings {
  readonly platform: PlatformService
  readonly startMethod: Agent.StartMethod
  readonly logs: Logs
}

export const surroundings = Effect.all({ platform: Platform, startMethod: startMethodOf, logs: logsOfCaller })

/** The state machine behind `Process`. */
export class Child extends Watched implements Process<unknown, unknown> {
  readonly "~multifiber/Process" = { _A: (): unknown => undefined, _E: (): unknown => undefined }
  name: string
  daemon: boolean
  readonly startMethod: Agent.StartMethod
  readonly grace: Duration.Duration
  readonly job: Job
  state: State = { _tag: "initial" }
  /** What it runs or ran in. */
  ids: { readonly pid: number; readonly ident: number } | undefined = undefined
  private readonly path: ReadonlyArray<number>
  private readonly platform: PlatformService
  private readonly logs: Logs | undefined
  private readonly stdio: Options["stdio"]
  /** Its pipes, once it is started with them. */
  private output:
    | { readonly [name in "stdout" | "stderr"]?: AsyncIterable<Uint8Array> | undefined }
    | undefined

  /** Throws `Unsupported`. */
  constructor({ logs, platform, startMethod }: Surroundings, job: Job, options: Options) {
    super()
    if (options.stdio === "pipe" && startMethod !== "spawn") {
      throw new Unsupported({
        feature: `pipes with the start method "${startMethod}"`,
        reason: "the process shares or inherits the output of the program",
        instead: '"spawn"',
      })
    }
    this.logs = options.logging === false ? undefined : logs
    this.stdio = options.stdio
    this.platform = platform
    this.startMethod = startMethod
    this.path = Agent.nextPath()
    this.name = options.name ?? Agent.defaultName("Process", this.path)
    this.daemon = options.daemon ?? Agent.current().daemon
    this.grace = Duration.decode(options.grace ?? Duration.seconds(1))
    this.job = job
  }

  /** Starts it in the span of the caller. Throws what `AgentLink` throws. */
  start(span: AnySpan | undefined): void {
    const { daemon, logs, name, path, startMethod, stdio } = this
    this.job.call = { ...this.job.call, span }
    const link = new AgentLink(
      this.platform,
      { name, path, daemon, startMethod, logs, stdio, lifetime: "process" },
      [this.job],
      {
        onReady: () => this.enter({ _tag: "started", link }),
        onSettled: () => this.changed(),
        onExit: (exit, lost, unbegun) => this.end(exit, [...lost, ...unbegun]),
        onGone: () => {},
      },
    )
    this.ids = { pid: link.pid, ident: link.id }
    this.output = link.output
    Agent.state().active.add(this)
    if (!daemon) this.platform.hold()
    this.state = { _tag: "starting", link }
    // Its arguments cannot be encoded: the process has nothing to do.
    if (this.job.status !== "waiting") link.stop()
  }

  private end(exit: LinkExit, jobs: ReadonlyArray<Job>): void {
    const cause = exit.error === undefined ? {} : { cause: exit.error }
    for (const job of jobs) {
      job.fail(new WorkerLost({ task: job.task.name, worker: this.name, exitCode: exit.code, ...cause }))
    }
    Agent.state().active.delete(this)
    if (!this.daemon) this.platform.release()
    this.enter({ _tag: "stopped", exit })
  }

  /** Takes one of its pipes to read from, if it is there and was not taken. The program stays alive meanwhile. */
  take(name: "stdout" | "stderr"): Stream.Stream<Uint8Array> | undefined {
    const bytes = this.output?.[name]
    if (bytes === undefined) return undefined
    this.output = { ...this.output, [name]: undefined }
    const { platform } = this
    const held = Effect.acquireRelease(Effect.sync(platform.hold), () => Effect.sync(platform.release))
    return Stream.unwrapScoped(
      Effect.as(held, Stream.orDie(Stream.fromAsyncIterable(bytes, (error) => error))),
    )
  }

  private enter(state: State): void {
    this.state = state
    this.changed()
  }

  get statistics(): Statistics {
    const { daemon, ids, name, startMethod, state } = this
    return {
      name,
      daemon,
      startMethod,
      status: "link" in state ? "started" : state._tag,
      pid: Option.fromNullable(ids?.pid),
      ident: Option.fromNullable(ids?.ident),
      exitCode: state._tag === "stopped" ? Option.some(state.exit.code) : Option.none(),
    }
  }

  /** As Python prints it. */
  override toString(): string {
    const { exitCode, pid, status } = this.statistics
    return [
      `<Process ${this.name}`,
      ...Option.toArray(Option.map(pid, (n) => `pid=${n}`)),
      status,
      ...Option.toArray(Option.map(exitCode, (code) => `exitCode=${code}`)),
      ...(this.daemon ? ["daemon"] : []),
    ]
      .join(" ")
      .concat(">")
  }

  toJSON(): unknown {
    return { _id: "Process", ...this.statistics }
  }

  [NodeInspectSymbol](): string {
    return this.toString()
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
