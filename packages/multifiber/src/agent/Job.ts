/** A call of a task on its way through queue, agent and back: the queue's node and the caller's result in one object. */
import { EncodingFailed } from "../Errors.ts"
import * as Task from "../Task.ts"
import { describe } from "../wire/EncodedError.ts"
import { decodeFailure } from "../wire/Failure.ts"
import { EACH, type Failure } from "../wire/Protocol.ts"
import type { AgentLink } from "./AgentLink.ts"
import { type CallSite, framesOf } from "./CallSite.ts"
import { Pending } from "./Pending.ts"

const NO_VALUES: ReadonlyArray<never> = []

export class Job extends Pending {
  readonly task: Task.Task.Any
  /** The arguments of one call, or the items of many (`arity` is `EACH`); none once it is settled. */
  values: ArrayLike<unknown>
  readonly arity: number
  /** Where the caller submitted it, if recorded. */
  callSite: CallSite | undefined = undefined
  /** The next job of the queue. */
  next: Job | undefined = undefined
  /** Who counts it. */
  owner: { readonly settled: (job: Job) => void } | undefined = undefined
  /** Where it was sent. */
  link: AgentLink | undefined = undefined
  sequence = 0

  private constructor(task: Task.Task.Any, values: ArrayLike<unknown>, arity: number) {
    super()
    this.task = task
    this.values = values
    this.arity = arity
  }

  /** One call. Throws `EncodingFailed` where the task's schema refuses the arguments. */
  static one(task: Task.Task.Any, args: ReadonlyArray<unknown>): Job {
    return new Job(task, encodeArgs(task, args), args.length)
  }

  /** One call for each item. */
  static each(task: Task.Task.Any, items: ArrayLike<unknown>): Job {
    const values = Task.codecOf(task) ? Array.from(items, (item) => encodeArgs(task, [item])[0]) : items
    return new Job(task, values, EACH)
  }

  protected override afterSettled(): void {
    // The result may be held for long, the arguments need not be.
    this.values = NO_VALUES
    this.owner?.settled(this)
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
    this.fail(decodeFailure(this.task, failure, framesOf(this.callSite)))
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
