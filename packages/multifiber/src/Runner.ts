/**
 * The side of the protocol that lives in an agent: takes tasks in the order they were sent, runs one at a time, reports.
 *
 * For authors of adapters: the entry file of an agent calls `start` with its port. Loads nothing of `effect`.
 *
 * @since 0.1.0
 */
import * as Claims from "@multifiber/kernel/Claims"
import * as Agent from "./Agent.ts"
import { Asking, refusal, signed } from "./agent/Asking.ts"
import * as Delivery from "./agent/Delivery.ts"
import * as Membership from "./agent/Membership.ts"
import type { Answer, Question } from "./agent/Names.ts"
import type { Line } from "./Platform.ts"
import { adopt } from "./sync/travelling.ts"
import { describe, type EncodedError, encodeError } from "./wire/EncodedError.ts"
import {
  type Boot,
  type Failure,
  type FromAgent,
  Op,
  type Outcome,
  type Call as RemoteCall,
  type Segment,
  STOPPED,
  type TaskName,
  type ToAgent,
  type ToManager,
  VERSION,
} from "./wire/Protocol.ts"
import * as Call from "./worker/Call.ts"
import type { EffectRunner, Logging } from "./worker/EffectRunner.ts"
import { type Defined, load, preload } from "./worker/Loader.ts"
import { type ConsoleMethod, forwardConsole, post as postLog } from "./worker/Logging.ts"
import { Outbox } from "./worker/Outbox.ts"

/**
 * What the runner needs of the agent that it lives in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Port {
  /** Buffers to be transferred move where the agent is a thread, and are copied else. */
  readonly post: (message: unknown, transfer?: ReadonlyArray<ArrayBuffer>) => void
  readonly receive: (handler: (message: unknown) => void) => void
  /** Opens the line to the starter; the handler hears what does not come as a message. */
  readonly openLine: (handler: (message: unknown) => void) => Line
  /** Lets the agent end by itself once nothing but the port keeps it alive. */
  readonly release: () => void
  /** Ends the agent now. */
  readonly exit: (code: number) => void
  /** Sets the code with which the agent ends by itself. */
  readonly setExitCode: (code: number) => void
  /** Writes to the agent's standard error. */
  readonly report: (text: string) => void
  /** Hands over what is written to the agent's console from now on, as text. */
  readonly takeConsole: (write: (method: ConsoleMethod, text: string) => void) => void
  /** The bytes of its heap that are in use, and those that its OS process has in memory. */
  readonly memory: () => { readonly heap: number; readonly rss: number }
  /** Throws where a value cannot be posted. */
  readonly check: (value: unknown) => void
}

/**
 * What the entry of an agent tells a started runner.
 *
 * @category models
 * @since 0.1.0
 */
export interface Runner {
  /** An error that no task caught ends the agent: reports it and every finished task, then exits with code 1. */
  readonly die: (thrown: unknown) => void
  /** A message arrived that cannot be decoded: ends the agent, since its tasks can be neither run nor counted. */
  readonly choke: (error: unknown) => void
  /** The agent is ending: reports every finished task and begins no other. Deno runs on for a while after `process.exit`. */
  readonly close: () => void
  /** The agent is told to end, by its starter or by a signal: cleans up and exits. */
  readonly stop: () => void
}

/** Milliseconds after which it is worth a message that a call has given up the thread: of an OS process its starter sees nothing. */
const TELL_AFTER = 1

/** Finished tasks wait at most this long for company, in milliseconds. */
const FLUSH_AFTER = 1

/**
 * Starts the runner of this agent, with its first message where the agent was born with one. Its starter says in a message
 * who the agent is.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (port: Port, first?: unknown): Runner => {
  let booted: AgentRunner | undefined
  const receive = (received: unknown) => {
    const message = received as ToAgent
    if (booted) booted.receive(message)
    else if (message.op === Op.Boot) {
      booted = new AgentRunner(port, message.boot)
      if (message.run) booted.receive(message.run)
    } else if (message.op === Op.Preload) {
      preload(message.urls, () => port.post({ op: Op.Preloaded } satisfies FromAgent))
    }
  }
  if (first !== undefined) receive(first)
  port.receive(receive)
  const leave = (thrown: unknown, poisoned: boolean) => {
    booted?.close()
    port.post({ op: Op.Dying, error: encodeError(thrown), poisoned } satisfies FromAgent)
    port.exit(1)
  }
  return {
    die: (thrown) => leave(thrown, false),
    choke: (error) => leave(error, true),
    close: () => booted?.close(),
    stop: () => (booted ? booted.stop() : port.exit(STOPPED)),
  }
}

/**
 * What a message says that holds something logged: for an adapter that finds it undelivered when the agent ends.
 *
 * @category getters
 * @since 0.2.0
 */
export const loggedText = (message: unknown): string | undefined => {
  const from = message as FromAgent
  if (from.op !== Op.Log) return undefined
  const { errors, messages } = from.record
  return [...messages, ...errors].map(textOf).join(" ")
}

class AgentRunner {
  private readonly port: Port
  private readonly boot: Boot
  /** An agent that shares no memory with its starter has its claims to itself. */
  private readonly claims: Claims.Claims
  private readonly outbox: Outbox
  private readonly inbox: Array<Segment> = []
  /** Those with handles among their values that nobody has looked for yet. */
  private readonly withHandles = new Set<Segment>()
  private readonly names: Array<TaskName> = []
  private readonly loaded: Array<Defined | Failure> = []
  private readonly layers = new Map<string, Promise<Failure | undefined>>()
  /** Of questions to the starter, oldest first. */
  private readonly replies: Array<(answer: Answer) => void> = []
  private readonly asking = new Asking()
  /** Does what the starter asks for, where this is a manager; and what it has asked for before that. */
  private serve: ((message: ToManager) => void) | undefined = undefined
  private readonly unheard: Array<ToManager> = []
  private readonly effectRunners = new Map<Defined["effects"], Promise<EffectRunner>>()
  /** Whether the last call of a task was over in less time than results may wait for company. */
  private readonly quick: Array<boolean> = []
  /** The sequence number of the next task, its place in `inbox[0]`, and whether it is claimed. */
  private next = 0
  private call = 0
  private begun = false
  /** Somebody else goes on with `pump`: a task or the loading of one has given up the thread. */
  private suspended = false
  private stopping = false
  private interrupted = false
  /** Calls that nobody wants any more, by sequence number. */
  private readonly dropped = new Set<number>()
  /** The starter was told that the next task begins. */
  private told = false
  /** Sequence numbers of the last task that came to a checkpoint, and of the last of which the starter was told that it hears. */
  private checked = -1
  private hears = -1

  constructor(port: Port, boot: Boot) {
    this.port = port
    this.boot = boot
    this.claims = Claims.attach(boot.claims ?? Claims.allocate(1))
    this.outbox = new Outbox(port, boot.watch)
    if (boot.logLevel !== undefined) forwardConsole(port, boot.logLevel)
    Agent.state().membership = boot.membership
    Agent.state().platform = boot.platform
    const user = boot.membership && Membership.self()
    Agent.state().isCancelled = () =>
      Claims.state(this.claims, this.next) === "cancelled" || (user !== undefined && Membership.isTold(user))
    Agent.state().checkpoint = () => {
      if (this.checked !== this.next) Claims.check(this.claims, this.next)
      this.checked = this.next
      return Agent.state().isCancelled()
    }
    if (boot.membership !== undefined) Agent.state().askStarter = this.ask
    Agent.state().callStarter = this.callStarter
    Agent.state().releaseAtStarter = (target, times) =>
      this.post({ op: Op.Release, target, ...(times === undefined ? {} : { times }) })
    Agent.state().leaveAtStarter = (agent) => this.post({ op: Op.Left, agent })
    Agent.state().serveStarter = this.serveStarter
    Agent.identify(boot, boot.inherited, (delta) => Claims.hold(this.claims, delta))
    this.post({ op: Op.Ready, version: VERSION })
  }

  close(): void {
    this.stopping = true
    this.flush()
  }

  private flush(): void {
    for (const failure of this.outbox.flush(this.next)) this.mourn(failure)
  }

  receive(message: ToAgent): void {
    switch (message.op) {
      case Op.Run:
        if (message.names) this.names.push(...message.names)
        this.inbox.push(...message.segments)
        if (message.hasHandles) for (const segment of message.segments) this.withHandles.add(segment)
        if (!this.suspended) this.pump()
        break
      case Op.Stop:
        this.stop()
        break
      case Op.Interrupt:
        void this.interrupt()
        break
      case Op.Drop:
        void this.drop(message.sequence)
        break
      case Op.Answer:
        this.replies.shift()?.(message.answer)
        break
      case Op.Outcome:
        this.asking.settle(message.id, message.outcome)
        break
      case Op.Calls:
      case Op.Cancel:
      case Op.Release:
      case Op.Left:
        this.manage(message)
    }
  }

  private manage(message: ToManager): void {
    if (this.serve === undefined) this.unheard.push(message)
    else this.serve(message)
  }

  private readonly serveStarter = (serve: (message: ToManager) => void): Line => {
    this.serve = serve
    // Whoever serves has the line by then.
    queueMicrotask(() => {
      for (const message of this.unheard.splice(0)) serve(message)
    })
    return this.port.openLine((message) => serve(message as ToManager))
  }

  private post(message: FromAgent): void {
    this.port.post(message)
  }

  private readonly callStarter = (call: RemoteCall, reply: (outcome: Outcome) => void): (() => void) => {
    const id = this.asking.add(reply)
    const message: FromAgent = { op: Op.Call, id, call: signed(call) }
    try {
      Delivery.deliver(Membership.starter(), undefined, () => this.post(message))
    } catch (cause) {
      this.asking.settle(id, refusal("argument", call.args, cause))
    }
    return () => this.post({ op: Op.Cancel, id })
  }

  private readonly ask = (question: Question, reply: (answer: Answer) => void): void => {
    this.post({ op: Op.Ask, question })
    this.replies.push(reply)
  }

  /** Runs tasks until there is none left, or one gives up the thread. */
  private pump(): void {
    let since = performance.now()
    let flushed = since
    while (this.inbox.length > 0 && !this.stopping) {
      const segment = this.inbox[0] as Segment
      if (!this.begun && !this.begin()) {
        this.advance(segment)
        continue
      }
      this.begun = true
      const task = this.loaded[segment.task]
      if (task === undefined) {
        this.suspend(this.load(segment.task))
        return
      }
      if (segment.isTimed && !this.told) {
        this.suspend(this.tellBegin())
        return
      }
      // What is done does not wait for one that may take long.
      if (!this.quick[segment.task]) this.flush()
      const pending = this.attempt(task, segment)
      if (pending) {
        this.suspend(this.finishLater(segment, pending, since))
        return
      }
      this.finish(segment)
      const now = performance.now()
      this.outbox.spend(since, now)
      this.quick[segment.task] = now - since < FLUSH_AFTER
      since = now
      if (now - flushed > FLUSH_AFTER) {
        flushed = now
        this.flush()
      }
    }
    this.flush()
    if (this.boot.lifetime === "process" && this.next > 0) void this.end()
  }

  /** Claims the next call. Nobody can revoke it where no memory is shared. */
  private begin(): boolean {
    return this.boot.claims === undefined || Claims.begin(this.claims, this.next)
  }

  /** Makes the next call; a promise is returned where it is not over yet. */
  private attempt(task: Defined | Failure, segment: Segment): Promise<void> | undefined {
    if (this.interrupted || this.dropped.has(this.next) || "kind" in task) {
      this.fail("kind" in task ? task : { kind: "interrupted" })
      return undefined
    }
    if (this.withHandles.delete(segment)) adopt(segment.values)
    try {
      const value = Call.run(task, segment, this.call, this.runEffect)
      if (Call.isPromise(value)) return this.settle(task, value)
      this.outbox.succeed(value)
    } catch (thrown) {
      this.fail(Call.failureOf(task, thrown))
    }
    return undefined
  }

  /** What was told leaves before the task blocks the thread. */
  private tellBegin(): Promise<void> {
    this.told = true
    this.post({ op: Op.Begun, sequence: this.next })
    return new Promise((resolve) => setTimeout(resolve))
  }

  private async settle(task: Defined, value: PromiseLike<unknown>): Promise<void> {
    try {
      this.outbox.succeed(await value)
    } catch (thrown) {
      this.fail(Call.failureOf(task, thrown))
    }
  }

  private fail(failure: Failure): void {
    this.outbox.fail(failure)
    this.mourn(failure)
  }

  /** A process whose task has failed says so on its standard error, and ends with code 1; not where it was being ended. */
  private mourn(failure: Failure): void {
    if (this.boot.lifetime !== "process" || this.isTold) return
    this.port.setExitCode(1)
    this.report(failure)
  }

  private get isTold(): boolean {
    return this.boot.membership !== undefined && Membership.isTold(Membership.self())
  }

  private report(failure: Failure): void {
    this.port.report(`${this.boot.name}: ${"error" in failure ? textOf(failure.error) : failure.kind}`)
  }

  private finish(segment: Segment): void {
    if (this.boot.claims !== undefined) Claims.finish(this.claims, this.next)
    this.begun = false
    this.told = false
    if (this.dropped.size > 0) this.dropped.delete(this.next)
    this.advance(segment)
  }

  private async finishLater(segment: Segment, pending: Promise<void>, since: number): Promise<void> {
    const telling =
      this.boot.lifetime === "worker" && this.boot.claims === undefined
        ? setTimeout(() => this.tellHears(), TELL_AFTER)
        : undefined
    await pending
    clearTimeout(telling)
    this.outbox.spend(since, performance.now())
    this.finish(segment)
  }

  private advance(segment: Segment): void {
    this.next++
    this.call++
    if (this.call === segment.calls) {
      this.call = 0
      this.inbox.shift()
    }
  }

  /** Gives up the thread until `work` is over. */
  private suspend(work: Promise<void>): void {
    this.flush()
    this.suspended = true
    Claims.hold(this.claims, 1)
    void work.then(() => {
      Claims.hold(this.claims, -1)
      this.suspended = false
      this.pump()
    })
  }

  private async load(number: number): Promise<void> {
    const task = await load(this.names[number] as TaskName)
    this.loaded[number] = "kind" in task ? task : ((await this.initialize(task)) ?? task)
  }

  /** Builds the layer of the task's module, once. */
  private initialize(task: Defined): Promise<Failure | undefined> {
    const { layer, url } = task
    if (!layer) return Promise.resolve(undefined)
    const built =
      this.layers.get(url) ??
      this.runEffect(task)
        .then((effects) => effects.build(url, layer))
        .then(
          () => {
            Claims.hold(this.claims, 1)
            return undefined
          },
          (thrown): Failure => ({ kind: "initializer", url, error: Call.encodeFailure(thrown) }),
        )
    this.layers.set(url, built)
    return built
  }

  private get logging(): Logging | undefined {
    const { logLevel } = this.boot
    return logLevel === undefined
      ? undefined
      : { level: logLevel, write: (record) => postLog(this.port, record) }
  }

  private readonly runEffect = (task: Defined): Promise<EffectRunner> => {
    const runner =
      this.effectRunners.get(task.effects) ?? task.effects().then((module) => module.make(this.logging))
    this.effectRunners.set(task.effects, runner)
    return runner
  }

  /** Asked to stop: runs the handlers, interrupts what can be interrupted, releases what was acquired, ends the agent. */
  stop(): void {
    if (this.stopping) return
    this.stopping = true
    void this.cleanUp().then(() => {
      this.flush()
      this.port.exit(STOPPED)
    })
  }

  private async cleanUp(): Promise<void> {
    const { terminators } = Agent.state()
    // A copy: a task that runs on may register others without end.
    for (const handler of [...terminators]) {
      if (!terminators.has(handler)) continue
      try {
        await handler()
      } catch (thrown) {
        this.report({ kind: "raised", error: encodeError(thrown) })
      }
    }
    await this.dispose()
  }

  /** Interrupts the effect that runs, and every call to come. */
  private async interrupt(): Promise<void> {
    this.interrupted = true
    for (const runner of this.effectRunners.values()) (await runner).interrupt()
  }

  /** Interrupts the effect of a call, or does not begin it. */
  private async drop(sequence: number): Promise<void> {
    if (sequence < this.next) return
    this.dropped.add(sequence)
    if (sequence > this.next || !this.begun) return
    this.tellHears()
    for (const runner of this.effectRunners.values()) {
      const { interrupt } = await runner
      if (sequence === this.next) interrupt()
    }
  }

  /** Tells that the call, which runs, hears when it is dropped. */
  private tellHears(): void {
    if (this.hears === this.next) return
    this.hears = this.next
    this.post({ op: Op.Hears, sequence: this.next })
  }

  /** A process has run its task: it ends as soon as nothing of it is left. */
  private async end(): Promise<void> {
    await this.dispose()
    this.port.release()
  }

  private async dispose(): Promise<void> {
    for (const runner of this.effectRunners.values()) await (await runner).dispose()
  }
}

const textOf = (error: EncodedError): string =>
  error.kind === "error" ? error.stack || `${error.name}: ${error.message}` : describe(error.value)
