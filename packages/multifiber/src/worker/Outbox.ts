/** The results of the tasks that an agent has passed and not yet reported. */
import * as Delivery from "../agent/Delivery.ts"
import * as Membership from "../agent/Membership.ts"
import type { Port } from "../Runner.ts"
import { describe, encodeError } from "../wire/EncodedError.ts"
import { type Failure, type FromAgent, Op } from "../wire/Protocol.ts"

export class Outbox {
  private values: Array<unknown> = []
  private failures: Array<readonly [number, Failure]> = []
  private busy = 0
  private reported = 0
  private readonly port: Pick<Port, "post" | "check">

  constructor(port: Pick<Port, "post" | "check">) {
    this.port = port
  }

  succeed(value: unknown): void {
    this.values.push(value)
  }

  fail(failure: Failure): void {
    this.failures.push([this.values.length, failure])
    this.values.push(undefined)
  }

  spend(milliseconds: number): void {
    this.busy += milliseconds
  }

  /** Reports everything up to the sequence number `next`; returns the failures that reporting itself brought about. */
  flush(next: number): ReadonlyArray<Failure> {
    if (next === this.reported) return []
    const { busy, values } = this
    const failures = this.failures
    this.values = []
    this.failures = []
    this.busy = 0
    this.reported = next
    try {
      this.post({ op: Op.Settled, next, values, failures, busy })
      return []
    } catch {
      const isolated = this.isolate(values, failures)
      this.post({ op: Op.Settled, next, busy, ...isolated })
      return isolated.failures.flatMap(([, failure]) => (failure.kind === "encoding" ? [failure] : []))
    }
  }

  private post(message: FromAgent): void {
    Delivery.deliver(Membership.starter(), undefined, () => this.port.post(message))
  }

  /** Replaces what cannot be encoded by failures of those tasks alone. */
  private isolate(values: Array<unknown>, failures: ReadonlyArray<readonly [number, Failure]>) {
    const kept = failures.map(
      ([index, failure]) => [index, this.refusal(failure, "error") ?? failure] as const,
    )
    values.forEach((value, index) => {
      const failure = this.refusal(value, "result")
      if (failure === undefined) return
      values[index] = undefined
      kept.push([index, failure])
    })
    return { values, failures: kept.sort(([left], [right]) => left - right) }
  }

  /** The failure of a value that cannot be encoded, or `undefined`. */
  private refusal(value: unknown, subject: "result" | "error"): Failure | undefined {
    try {
      this.port.check(value)
      return undefined
    } catch (thrown) {
      return { kind: "encoding", subject, value: describe(value), error: encodeError(thrown) }
    }
  }
}
