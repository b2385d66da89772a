/** A call of a task on its way through queue, agent and back: the queue's node and the caller's result in one object. */
import { EncodingFailed } from "../Errors.ts"
import * as Task from "../Task.ts"
import { describe } from "../wire/EncodedError.ts"
import { decodeFailure } from "../wire/Failure.ts"
import { EACH, type Failure } from "../wire/Protocol.ts"
import type { AgentLink } from "./AgentLink.ts"
import { framesOf, type Origin } from "./Origin.ts"
import { Pending } from "./Pending.ts"

export class Job extends Pending {
  readonly task: Task.Task.Any
  /**
   * The argument of a call with one, else the array of them, or the items of many calls (`arity` is `EACH`); nothing once
   * it is settled. A lone argument without its array spares the garbage collector a third of a queued job.
   */
  payload: unknown
  readonly arity: number
  /** Where it comes from, as far as that is known. */
  origin: Origin | undefined = undefined
  /** The next job of the queue. */
  next: Job | undefined = undefined
  /** Who counts it. */
  owner: { readonly settled: (job: Job) => void } | undefined = undefined
  /** Where it was sent. */
  link: AgentLink | undefined = undefined
  sequence = 0

  private constructor(task: Task.Task.Any, payload: unknown, arity: number) {
    super()
    this.task = task
    this.payload = payload
    this.arity = arity
  }

  /** One call. Throws `EncodingFailed` where the task's schema refuses the arguments. */
  static one(task: Task.Task.Any, args: ReadonlyArray<unknown>): Job {
    const { length } = args
    const encoded = encodeArgs(task, args)
    return new Job(task, length === 1 ? encoded[0] : encoded, length)
  }

  /** One call for each item. */
  static each(task: Task.Task.Any, items: ArrayLike<unknown>): Job {
    const encoded = Task.codecOf(task) ? Array.from(items, (item) => encodeArgs(task, [item])[0]) : items
    return new Job(task, encoded, EACH)
  }

  protected override afterSettled(): void {
    // The result may be held for long, the arguments need not be.
    this.payload = undefined
    this.owner?.settled(this)
  }

  /** Appends the arguments of one call to a column of them. */
  appendTo(column: Array<unknown>): void {
    if (this.arity === 1) column.push(this.payload)
    else column.push(...(this.payload as ReadonlyArray<unknown>))
  }

  /** The result as it came over the wire. */
  receive(value: unknown): void {
    const codec = Task.codecOf(this.task)
    if (!codec) {
      this.succeed(value)
      return
    }
    try {
      this.succeed(
        this.arity === EACH ? (value as Array<unknown>).map(codec.decodeSuccess) : codec.decodeSuccess(value),
      )
    } catch (cause) {
      this.fail(
        new EncodingFailed({ task: this.task.name, subject: "result", value: describe(value), cause }),
      )
    }
  }

  receiveFailure(failure: Failure): void {
    this.fail(decodeFailure(this.task, failure, framesOf(this.origin?.site)))
  }
}

const encodeArgs = (task: Task.Task.Any, args: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const codec = Task.codecOf(task)
  if (!codec) return args
  try {
    return codec.encodeArgs(args)
  } catch (cause) {
    throw new EncodingFailed({ task: task.name, subject: "argument", value: describe(args), cause })
  }
}
