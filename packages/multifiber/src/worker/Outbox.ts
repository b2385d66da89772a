/** The results of the tasks that an agent has passed and not yet reported. */
import { describe, encodeError } from "../wire/EncodedError.ts"
import { type Failure, type FromAgent, Op } from "../wire/Protocol.ts"

export class Outbox {
  private values: Array<unknown> = []
  private failures: Array<readonly [number, Failure]> = []
  private busy = 0
  private reported = 0
  private readonly post: (message: FromAgent) => void

  constructor(post: (message: FromAgent) => void) {
    this.post = post
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
      const isolated = isolate(values, failures)
      this.post({ op: Op.Settled, next, busy, ...isolated })
      return isolated.failures.flatMap(([, failure]) => (failure.kind === "encoding" ? [failure] : []))
    }
  }
}

/** Replaces what cannot be encoded by failures of those tasks alone. */
const isolate = (values: Array<unknown>, failures: ReadonlyArray<readonly [number, Failure]>) => {
  const kept = failures.map(([index, failure]) => [index, encodable(failure, "error") ?? failure] as const)
  values.forEach((value, index) => {
    const failure = encodable(value, "result")
    if (failure === undefined) return
    values[index] = undefined
    kept.push([index, failure])
  })
  return { values, failures: kept.sort(([left], [right]) => left - right) }
}

/** The failure of a value that cannot be encoded, or `undefined`. */
const encodable = (value: unknown, subject: "result" | "error"): Failure | undefined => {
  try {
    structuredClone(value)
    return undefined
  } catch (thrown) {
    return { kind: "encoding", subject, value: describe(value), error: encodeError(thrown) }
  }
}
