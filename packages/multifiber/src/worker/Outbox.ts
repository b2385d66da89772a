/** The results of the tasks that an agent has passed and not yet reported. */
import * as Agent from "../Agent.ts"
import * as Delivery from "../agent/Delivery.ts"
import * as Membership from "../agent/Membership.ts"
import type { Port } from "../Runner.ts"
import { describe, encodeError } from "../wire/EncodedError.ts"
import { type Boot, type Failure, type FromAgent, type Memory, Op } from "../wire/Protocol.ts"

/** Milliseconds between looks at the memory. */
const BETWEEN_LOOKS = 50

export class Outbox {
  private values: Array<unknown> = []
  private failures: Array<readonly [number, Failure]> = []
  private busy = 0
  private transfer: Array<ArrayBuffer> = []
  private times: Array<number> = []
  private reported = 0
  private readonly port: Pick<Port, "post" | "check" | "memory">
  private readonly watch: Boot["watch"]
  private nextLook = 0

  constructor(port: Pick<Port, "post" | "check" | "memory">, watch: Boot["watch"]) {
    this.port = port
    this.watch = watch
  }

  succeed(value: unknown): void {
    this.values.push(value)
    const { transfers } = Agent.state()
    if (transfers.size === 0) return
    // The results of a map are in an array.
    for (const result of Array.isArray(value) ? [value, ...value] : [value]) {
      this.transfer.push(...(transfers.get(result as object) ?? []))
    }
    transfers.clear()
  }

  fail(failure: Failure): void {
    this.failures.push([this.values.length, failure])
    this.values.push(undefined)
  }

  /** A task took from one time to the other, in milliseconds. */
  spend(from: number, to: number): void {
    this.busy += to - from
    if (this.watch.times) this.times.push(performance.timeOrigin + from, performance.timeOrigin + to)
  }

  /** Reports everything up to the sequence number `next`; returns the failures that reporting itself brought about. */
  flush(next: number): ReadonlyArray<Failure> {
    if (next === this.reported) return []
    const { busy, failures, times, transfer, values } = this
    this.values = []
    this.failures = []
    this.transfer = []
    this.times = []
    this.busy = 0
    this.reported = next
    const report = { op: Op.Settled, next, busy, ...(this.watch.times ? { times } : {}), ...this.memory() }
    try {
      this.post({ ...report, values, failures }, transfer)
      return []
    } catch {
      const isolated = this.isolate(values, failures)
      // A buffer that cannot move may be copied.
      this.post({ ...report, ...isolated }, [])
      return isolated.failures.flatMap(([, failure]) => (failure.kind === "encoding" ? [failure] : []))
    }
  }

  private post(message: FromAgent, transfer: ReadonlyArray<ArrayBuffer>): void {
    Delivery.deliver(Membership.starter(), undefined, () => this.port.post(message, transfer))
  }

  /** How much memory the agent uses, where somebody wants to know. To look takes some time, so it does not look always. */
  private memory(): { readonly memory?: Memory } {
    const now = performance.now()
    if (!this.watch.memory || now < this.nextLook) return {}
    this.nextLook = now + BETWEEN_LOOKS
    return { memory: this.port.memory() }
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
      Delivery.rehearse(Membership.starter(), () => this.port.check(value))
      return undefined
    } catch (thrown) {
      return { kind: "encoding", subject, value: describe(value), error: encodeError(thrown) }
    }
  }
}
