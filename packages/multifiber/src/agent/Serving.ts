/** What another agent or program uses through this one, and what it has asked for. */
import { replaceHandles } from "../sync/travelling.ts"
import { type Call, Op, type Outcome, type ToManager } from "../wire/Protocol.ts"
import { eachCall } from "./Batch.ts"
import * as Delivery from "./Delivery.ts"
import { Guests } from "./Guests.ts"
import { serve } from "./serve.ts"

export class Serving {
  readonly leases: Delivery.Leases = new Map()
  /** Who asks: the agent that this is for, or those below it. */
  readonly guests = new Guests()
  /** How the ids begin there of what this agent has. */
  own = ""
  /** What was asked for and has no answer, by its number: how to withdraw it. */
  private readonly calls = new Map<number, () => void>()
  private readonly answer: (id: number, outcome: Outcome) => void
  private readonly isStranger: boolean
  private isOver = false

  /** A stranger can name nothing but what it got from here. */
  constructor(answer: (id: number, outcome: Outcome) => void, isStranger = false) {
    this.answer = answer
    this.isStranger = isStranger
  }

  /** How many have no answer. */
  get size(): number {
    return this.calls.size
  }

  /** One with this number has none. */
  has(id: number): boolean {
    return this.calls.has(id)
  }

  receive(message: ToManager): void {
    switch (message.op) {
      case Op.Calls:
        eachCall(message.runs, (id, call) => this.call(id, call))
        break
      case Op.Cancel:
        this.cancel(message.id)
        break
      case Op.Release:
        this.release(message.target, message.times)
        break
      case Op.Left:
        this.guests.leave(message.agent)
    }
  }

  call(id: number, call: Call): void {
    // What a thread has said may arrive after its end, when what it held has passed on.
    if (this.isOver) return
    let isAnswered = false
    const reply = (outcome: Outcome) => {
      isAnswered = true
      this.calls.delete(id)
      if (!this.isOver) this.answer(id, outcome)
    }
    const lease = this.leases.get(call.target)
    const args = this.atHome(call.args)
    if (typeof args === "string") {
      reply({ is: "failed", tag: "NotFound", fields: { kind: "object of another agent", id: args } })
      return
    }
    const withdraw = serve(lease, { ...call, args }, reply, this.guests, this.isStranger)
    if (!isAnswered) this.calls.set(id, withdraw)
  }

  /**
   * Arguments with what this agent has in the place of the handles that have come home, also where those have no memory any more; or the id
   * of one that is not used any more.
   */
  private atHome(args: ReadonlyArray<unknown>): ReadonlyArray<unknown> | string {
    if (!args.some((arg) => typeof arg === "object" && arg !== null)) return args
    const { own } = this
    let missing: string | undefined
    const replaced = replaceHandles(args, (handle, typeId) => {
      const { id } = (handle as Record<string, { readonly id: string }>)[typeId] as { readonly id: string }
      const lease = id.startsWith(own) ? this.leases.get(id.slice(own.length)) : undefined
      if (lease !== undefined) return lease.handle
      if (this.isStranger || (own !== "" && id.startsWith(own))) missing ??= id
      return handle
    })
    return missing ?? (replaced as ReadonlyArray<unknown>)
  }

  cancel(id: number): void {
    this.calls.get(id)?.()
  }

  release(target: string, times?: number): void {
    Delivery.endLease(this.leases, target, times)
  }

  /** Nobody asks any more, nor uses what was asked for. */
  end(): void {
    this.isOver = true
    for (const withdraw of this.calls.values()) withdraw()
    for (const id of [...this.leases.keys()]) Delivery.endLease(this.leases, id)
  }
}
