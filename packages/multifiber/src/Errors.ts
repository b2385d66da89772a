/**
 * Every failure of multifiber that a caller can act on: one class each, told apart by `_tag`.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { messageOf as plainMessage } from "./sync/plainErrors.ts"
import { describe } from "./wire/EncodedError.ts"

/**
 * The body of a task threw, rejected or failed with something that no error schema of the task describes.
 *
 * **Shape** – `name`, `message`, own `fields` and `cause` are those of the remote error; `remoteStack` is its stack in
 * the agent, `stack` continues it with the place in this agent. A thrown value that is not an `Error` is in `thrown`.
 *
 * **Source** – Python raises the pickled exception itself and attaches a `RemoteTraceback`. Classes do not travel
 * between JavaScript agents; give the task an error schema to get its own errors back.
 *
 * @category errors
 * @since 0.1.0
 */
export class RemoteFailure extends Data.TaggedError("RemoteFailure")<{
  readonly name: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly remoteStack: string
  /** The task that failed, or the module whose top level or layer did. */
  readonly source: string
  readonly cause?: unknown
  /** The members of an `AggregateError`. */
  readonly errors?: ReadonlyArray<unknown>
  readonly thrown?: unknown
}> {}

/**
 * An argument cannot travel to the agent, or a result or an error cannot travel back; or a value cannot be a message of a
 * queue or a connection. Or a schema refuses it, on either side. The agent, the other tasks and the other messages are not
 * touched.
 *
 * @category errors
 * @since 0.1.0
 */
export class EncodingFailed extends Data.TaggedError("EncodingFailed")<{
  /** The task, where it is one that suffers. */
  readonly task?: string
  readonly subject: "argument" | "result" | "error" | "message"
  /** What the value prints as. */
  readonly value: string
  readonly cause: unknown
}> {
  override get message(): string {
    const { cause, subject, task, value } = this
    return `Cannot encode ${subject} ${value}${task === undefined ? "" : ` of task "${task}"`}: ${messageOf(cause)}`
  }
}

/**
 * An argument or a result cannot reach the agent by any encoding: it lives in memory that the agent does not share. The
 * message says what to use.
 *
 * @category errors
 * @since 0.2.0
 */
export class NotTransferable extends Data.TaggedError("NotTransferable")<{
  readonly task: string
  readonly subject: "argument" | "result" | "error"
  readonly reason: string
}> {
  override get message(): string {
    return `Cannot send ${this.subject} of task "${this.task}": ${this.reason}`
  }
}

/**
 * The agent that ran the task ended before the task did: it called `process.exit`, let an error escape, was terminated
 * or ran out of memory.
 *
 * @category errors
 * @since 0.1.0
 */
export class WorkerLost extends Data.TaggedError("WorkerLost")<{
  readonly task: string
  readonly worker: string
  readonly exitCode: number
  /** The last error that escaped in the agent. */
  readonly cause?: unknown
}> {
  override get message(): string {
    const reason = this.cause === undefined ? "" : `: ${messageOf(this.cause)}`
    return `Worker "${this.worker}" ended with exit code ${this.exitCode} while it ran task "${this.task}"${reason}`
  }
}

/**
 * The task's module loads in the agent but does not define the task there.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskNotFound extends Data.TaggedError("TaskNotFound")<{
  readonly task: string
  readonly url: string
  readonly reason: string
}> {
  override get message(): string {
    return `Cannot find task "${this.task}" of ${this.url}: ${this.reason}`
  }
}

/**
 * The task's module does not load in the agent.
 *
 * @category errors
 * @since 0.1.0
 */
export class ModuleNotLoaded extends Data.TaggedError("ModuleNotLoaded")<{
  readonly task: string
  readonly url: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `Cannot load ${this.url} for task "${this.task}": ${messageOf(this.cause)}`
  }
}

/**
 * The layer of a task module cannot be built in a worker, or the pool's `initializer` has failed there. The pool it happens in
 * fails as a whole.
 *
 * @category errors
 * @since 0.1.0
 */
export class InitializerFailed extends Data.TaggedError("InitializerFailed")<{
  readonly url: string
  /** The initializer, where it is a task. */
  readonly task?: string
  readonly cause: unknown
}> {
  override get message(): string {
    const what = this.task === undefined ? `build the layer of ${this.url}` : `initialize with "${this.task}"`
    return `Cannot ${what}: ${messageOf(this.cause)}`
  }
}

/**
 * An agent cannot be started.
 *
 * @category errors
 * @since 0.1.0
 */
export class StartFailed extends Data.TaggedError("StartFailed")<{
  readonly agent: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `Cannot start "${this.agent}": ${messageOf(this.cause)}`
  }
}

/**
 * A module starts agents while an agent imports it, which would start agents without end.
 *
 * @category errors
 * @since 0.1.0
 */
export class MainGuardMissing extends Data.TaggedError("MainGuardMissing")<{
  readonly agent: string
}> {
  override get message(): string {
    return (
      `Cannot start agents while "${this.agent}" imports a task module: ` +
      "wrap the main program in Main.run(import.meta, program), or move the tasks into a module of their own"
    )
  }
}

/**
 * The operation does not fit the state of its object.
 *
 * @category errors
 * @since 0.1.0
 */
export class IllegalState extends Data.TaggedError("IllegalState")<{
  readonly operation: string
  readonly state: string
}> {
  override get message(): string {
    return plainMessage("IllegalState", this)
  }
}

/**
 * An argument is outside of what the operation takes.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidArgument extends Data.TaggedError("InvalidArgument")<{
  readonly argument: string
  readonly value: unknown
  readonly expected: string
}> {
  override get message(): string {
    return plainMessage("InvalidArgument", this)
  }
}

/**
 * There is no item at this index. Nothing has changed.
 *
 * @category errors
 * @since 0.3.0
 */
export class OutOfRange extends Data.TaggedError("OutOfRange")<{
  readonly index: number
  /** A negative index counts from here. */
  readonly length: number
}> {
  override get message(): string {
    return plainMessage("OutOfRange", this)
  }
}

/**
 * Nothing has this name, or no longer.
 *
 * @category errors
 * @since 0.3.0
 */
export class NotFound extends Data.TaggedError("NotFound")<{
  readonly kind: string
  readonly id: string
}> {
  override get message(): string {
    return plainMessage("NotFound", this)
  }
}

/**
 * Something has this name already. It was not touched.
 *
 * @category errors
 * @since 0.3.0
 */
export class AlreadyExists extends Data.TaggedError("AlreadyExists")<{
  readonly kind: string
  readonly id: string
}> {
  override get message(): string {
    return `Cannot make ${this.kind} "${this.id}": it exists already`
  }
}

/**
 * What was asked for cannot exist on this runtime, or in any JavaScript runtime. `instead` says what to use.
 *
 * @category errors
 * @since 0.2.0
 */
export class Unsupported extends Data.TaggedError("Unsupported")<{
  readonly feature: string
  readonly reason: string
  readonly instead: string
}> {
  override get message(): string {
    return plainMessage("Unsupported", this)
  }
}

/**
 * The pool takes no tasks any more: it is closed or terminated.
 *
 * @category errors
 * @since 0.1.0
 */
export class PoolNotRunning extends Data.TaggedError("PoolNotRunning")<{
  readonly state: "closed" | "terminated" | "failed"
}> {
  override get message(): string {
    return `Cannot submit a task: current state of the pool is ${this.state}`
  }
}

/**
 * `Pool.join` was called before `close` or `terminate`.
 *
 * @category errors
 * @since 0.1.0
 */
export class PoolStillRunning extends Data.TaggedError("PoolStillRunning")<{}> {
  override get message(): string {
    return "Cannot join the pool: close or terminate it first"
  }
}

/**
 * The pool was terminated, or its scope closed, before the task was done.
 *
 * @category errors
 * @since 0.1.0
 */
export class PoolTerminated extends Data.TaggedError("PoolTerminated")<{
  readonly task: string
  /** Why nothing is known of a pool that a manager has. */
  readonly cause?: unknown
}> {
  override get message(): string {
    return `Task "${this.task}" was not done when its pool was terminated`
  }
}

/**
 * The task was interrupted inside its agent.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskInterrupted extends Data.TaggedError("TaskInterrupted")<{
  readonly task: string
}> {
  override get message(): string {
    return `Task "${this.task}" was interrupted in its agent`
  }
}

/**
 * The task took longer than it may. It was stopped, with its worker where there was no other way.
 *
 * @category errors
 * @since 0.5.0
 */
export class TaskTimedOut extends Data.TaggedError("TaskTimedOut")<{
  readonly task: string
  /** Milliseconds. */
  readonly timeout: number
}> {
  override get message(): string {
    return `Task "${this.task}" took longer than ${this.timeout} ms`
  }
}

/**
 * More releases than acquisitions. Nothing has changed.
 *
 * @category errors
 * @since 0.3.0
 */
export class OverRelease extends Data.TaggedError("OverRelease")<{
  readonly primitive: string
  readonly reason: string
}> {
  override get message(): string {
    return plainMessage("OverRelease", this)
  }
}

/**
 * The caller does not hold what it wants to give back, or to wait with. Nothing has changed.
 *
 * @category errors
 * @since 0.3.0
 */
export class NotOwner extends Data.TaggedError("NotOwner")<{
  readonly primitive: string
}> {
  override get message(): string {
    return plainMessage("NotOwner", this)
  }
}

/**
 * The barrier is broken, before its parties have met: one of them gave up or died, its action failed, or it was aborted or
 * reset.
 *
 * @category errors
 * @since 0.3.0
 */
export class BrokenBarrier extends Data.TaggedError("BrokenBarrier")<{}> {
  override get message(): string {
    return plainMessage("BrokenBarrier", this)
  }
}

/**
 * The queue holds as much as it may, and there was no room in time. Nothing was put.
 *
 * @category errors
 * @since 0.4.0
 */
export class Full extends Data.TaggedError("Full")<{}> {
  override get message(): string {
    return plainMessage("Full", this)
  }
}

/**
 * The queue has nothing, and nothing came in time.
 *
 * @category errors
 * @since 0.4.0
 */
export class Empty extends Data.TaggedError("Empty")<{}> {
  override get message(): string {
    return plainMessage("Empty", this)
  }
}

/**
 * This agent has closed what it wants to use. Others may use it still.
 *
 * @category errors
 * @since 0.4.0
 */
export class Closed extends Data.TaggedError("Closed")<{
  readonly what: string
}> {
  override get message(): string {
    return plainMessage("Closed", this)
  }
}

/**
 * The manager that has the object has ended, or there is no way to it any more. Whether it has done what was asked for is not known.
 *
 * @category errors
 * @since 0.9.0
 */
export class ManagerClosed extends Data.TaggedError("ManagerClosed")<{
  readonly manager: string
}> {
  override get message(): string {
    return plainMessage("ManagerClosed", this)
  }
}

/**
 * A managed dict, set or namespace does not have this key, or has none where it is not given.
 *
 * **Source** – Python's `KeyError`.
 *
 * @category errors
 * @since 0.9.0
 */
export class MissingKey extends Data.TaggedError("MissingKey")<{
  readonly key: unknown
}> {
  override get message(): string {
    return plainMessage("MissingKey", this)
  }
}

/**
 * A managed dict or set has another size than when somebody began to go through it.
 *
 * **Source** – Python's `RuntimeError: dictionary changed size during iteration`.
 *
 * @category errors
 * @since 0.9.0
 */
export class ConcurrentModification extends Data.TaggedError("ConcurrentModification")<{
  /** What was changed. */
  readonly what: string
}> {
  override get message(): string {
    return plainMessage("ConcurrentModification", this)
  }
}

/**
 * The queue is shut down, for all agents: nothing more is put, and there is nothing left to get.
 *
 * @category errors
 * @since 0.4.0
 */
export class ShutDown extends Data.TaggedError("ShutDown")<{}> {
  override get message(): string {
    return plainMessage("ShutDown", this)
  }
}

/**
 * The connection has ended: no agent has the other end open any more, and everything that was sent is received. It stays so.
 *
 * @category errors
 * @since 0.4.0
 */
export class Eof extends Data.TaggedError("Eof")<{}> {
  override get message(): string {
    return plainMessage("Eof", this)
  }
}

/**
 * No agent has the other end of the connection open any more: nobody would receive what was to be sent.
 *
 * @category errors
 * @since 0.4.0
 */
export class BrokenPipe extends Data.TaggedError("BrokenPipe")<{}> {
  override get message(): string {
    return plainMessage("BrokenPipe", this)
  }
}

/**
 * This end of a one-way pipe is for the other direction.
 *
 * @category errors
 * @since 0.4.0
 */
export class WrongDirection extends Data.TaggedError("WrongDirection")<{
  readonly operation: string
}> {
  override get message(): string {
    return plainMessage("WrongDirection", this)
  }
}

/**
 * The message is longer than the receiver allows. It is lost, and nothing more is received on this end.
 *
 * @category errors
 * @since 0.4.0
 */
export class BadLength extends Data.TaggedError("BadLength")<{
  readonly length: number
  readonly maxLength: number
}> {
  override get message(): string {
    return plainMessage("BadLength", this)
  }
}

/**
 * The message does not fit into the buffer. It was received: its `bytes` are here.
 *
 * @category errors
 * @since 0.4.0
 */
export class BufferTooShort extends Data.TaggedError("BufferTooShort")<{
  readonly bytes: Uint8Array
  readonly room: number
}> {
  override get message(): string {
    return plainMessage("BufferTooShort", this)
  }
}

/**
 * Nothing can listen at the address: it is in use, say, or may not be used.
 *
 * @category errors
 * @since 0.8.0
 */
export class ListenFailed extends Data.TaggedError("ListenFailed")<{
  readonly address: string
  /** What the system says, with a `code` such as `EADDRINUSE`. */
  readonly cause: unknown
}> {
  override get message(): string {
    return `Cannot listen at ${this.address}: ${messageOf(this.cause)}`
  }
}

/**
 * Nobody answers at the address.
 *
 * @category errors
 * @since 0.8.0
 */
export class ConnectFailed extends Data.TaggedError("ConnectFailed")<{
  readonly address: string
  /** What the system says, with a `code` such as `ECONNREFUSED`. */
  readonly cause: unknown
}> {
  override get message(): string {
    return `Cannot connect to ${this.address}: ${messageOf(this.cause)}`
  }
}

/**
 * The two sides of a connection do not trust each other: one has another key, or none, or speaks another protocol or version,
 * or has not said who it is in time. Both sides fail with it, where both live; nothing was sent, and nothing was read.
 *
 * @category errors
 * @since 0.8.0
 */
export class AuthFailed extends Data.TaggedError("AuthFailed")<{
  /** Who is on the other side. */
  readonly peer: string
  readonly reason: string
}> {
  override get message(): string {
    return `Cannot trust ${this.peer}: ${this.reason}`
  }
}

/**
 * The result was not there in time. It may still come.
 *
 * @category errors
 * @since 0.1.0
 */
export class TimedOut extends Data.TaggedError("TimedOut")<{
  readonly operation: string
}> {
  override get message(): string {
    return plainMessage("TimedOut", this)
  }
}

/**
 * The result was asked for before it was there.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotReady extends Data.TaggedError("NotReady")<{}> {
  override get message(): string {
    return "Cannot tell whether the task was successful: it is not done"
  }
}

/**
 * Everything that a task can fail with besides its own typed errors.
 *
 * @category errors
 * @since 0.1.0
 */
export type TaskError =
  | RemoteFailure
  | EncodingFailed
  | NotTransferable
  | WorkerLost
  | TaskNotFound
  | ModuleNotLoaded
  | InitializerFailed
  | StartFailed
  | MainGuardMissing
  | PoolTerminated
  | TaskInterrupted
  | TaskTimedOut

/** Even the message of an error may throw, where it prints a value on demand. */
const messageOf = (cause: unknown): string => {
  try {
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : describe(cause)
  } catch {
    return "(a cause that cannot be printed)"
  }
}
