/**
 * A call of a task on its way through queue, agent and back, with the caller's result in the same object.
 *
 * A pool may hold a million, so that its size matters, and not by its sum alone: on JavaScriptCore seven fields make a cell
 * of 80 bytes. With six it stood among the garbage of Effect, whose cells have 64, and long queues took a third longer.
 */
import { EncodingFailed } from "../Errors.ts"
import * as Task from "../Task.ts"
import { describe } from "../wire/EncodedError.ts"
import { decodeFailure } from "../wire/Failure.ts"
import { EACH_LIST, type Failure } from "../wire/Protocol.ts"
import { type PackedResults, packed, unpacked } from "../wire/packed.ts"
import type { AgentLink } from "./AgentLink.ts"
import { type Call, framesOf } from "./Call.ts"
import { Pending } from "./Pending.ts"

export class Job extends Pending {
  call: Call
  /**
   * The argument of a call with one, else the array of them, or the items of many calls; nothing once it is settled. A lone
   * argument without its array spares the garbage collector a third of a queued job.
   */
  payload: unknown
  /** Where it was sent. */
  link: AgentLink | undefined = undefined
  sequence = 0

  constructor(call: Call, payload: unknown) {
    super()
    this.call = call
    this.payload = payload
  }

  /** One call. Throws `EncodingFailed` where the task's schema refuses the arguments. */
  static one(call: Call, args: ReadonlyArray<unknown>): Job {
    const encoded = encodeArgs(call.task, args)
    return new Job(call, call.arity === 1 ? encoded[0] : encoded)
  }

  /** One call for each item; the arity is `EACH`, or `EACH_LIST`. */
  static each(call: Call, items: ArrayLike<unknown>): Job {
    const { arity, task } = call
    if (!Task.codecOf(task)) return new Job(call, packed(items))
    const encode = (item: unknown): unknown =>
      arity === EACH_LIST ? encodeArgs(task, item as ReadonlyArray<unknown>) : encodeArgs(task, [item])[0]
    return new Job(call, packed(Array.from(items, encode)))
  }

  get task(): Task.Task.Any {
    return this.call.task
  }

  protected override afterSettled(): void {
    // The result may be held for long, the arguments need not be.
    this.payload = undefined
    this.call.owner?.settled(this)
  }

  override abandon(): void {
    this.call.owner?.cancel(this)
  }

  /** Appends the arguments of one call to a column of them. */
  appendTo(column: Array<unknown>): void {
    if (this.call.arity === 1) column.push(this.payload)
    else column.push(...(this.payload as ReadonlyArray<unknown>))
  }

  /** The result as it came over the wire. */
  receive(value: unknown): void {
    const codec = Task.codecOf(this.task)
    const isMap = this.call.arity < 0
    const result = isMap ? unpacked(value as PackedResults) : value
    if (!codec) {
      this.succeed(result)
      return
    }
    try {
      this.succeed(
        isMap
          ? Array.from(result as ArrayLike<unknown>, (each) => codec.decodeSuccess(each))
          : codec.decodeSuccess(result),
      )
    } catch (cause) {
      this.fail(
        new EncodingFailed({ task: this.task.name, subject: "result", value: describe(value), cause }),
      )
    }
  }

  receiveFailure(failure: Failure): void {
    this.fail(decodeFailure(this.task, failure, framesOf(this.call.site)))
  }
}

/** The arguments of a task as they travel. Throws `EncodingFailed` where its schema refuses them. */
export const encodeArgs = (task: Task.Task.Any, args: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const codec = Task.codecOf(task)
  if (!codec) return args
  try {
    return codec.encodeArgs(args)
  } catch (cause) {
    throw new EncodingFailed({ task: task.name, subject: "argument", value: describe(args), cause })
  }
}
