/** What this agent asks others for. Loads nothing: runners use it. */
import * as Agent from "../Agent.ts"
import { describe } from "../wire/EncodedError.ts"
import type { Call, Outcome } from "../wire/Protocol.ts"

/** Questions that another agent answers. */
export class Asking {
  private readonly replies = new Map<number, (outcome: Outcome) => void>()
  private last = 0

  /** Notes who waits for the answer; returns the number of the question. */
  add(reply: (outcome: Outcome) => void): number {
    this.last++
    this.replies.set(this.last, reply)
    return this.last
  }

  /** The answer has come; nothing where there was one. */
  settle(id: number, outcome: Outcome): void {
    const reply = this.replies.get(id)
    this.replies.delete(id)
    reply?.(outcome)
  }

  /** How many have no answer. */
  get size(): number {
    return this.replies.size
  }

  has(id: number): boolean {
    return this.replies.has(id)
  }

  /** There will be no other answers. */
  settleAll(outcome: Outcome): void {
    for (const id of [...this.replies.keys()]) this.settle(id, outcome)
  }
}

/** What becomes of a call whose arguments, or whose result, cannot be sent. */
export const refusal = (subject: "argument" | "result", value: unknown, cause: unknown): Outcome => ({
  is: "failed",
  tag: "EncodingFailed",
  fields: { subject, value: describe(value), cause },
})

/** The calls of this agent say who asks: it. */
export const signed = (call: Call): Call => ({ from: Agent.state().path.join(":"), ...call })
