/** What is sent in one turn of the event loop leaves as one message. */
import { describe, encodeError } from "../wire/EncodedError.ts"
import {
  type Call,
  type CallRun,
  type Numbered,
  Op,
  type Outcome,
  type Outcomes,
  type ToManager,
} from "../wire/Protocol.ts"

/** More than that do not wait for each other: the other side has something to do meanwhile. */
const MOST = 16

export class Batch<A> {
  private items: Array<Numbered<A>> = []
  private readonly post: (items: ReadonlyArray<Numbered<A>>) => void
  private readonly refuse: (id: number, item: A, cause: unknown) => void

  /** `post` throws where one of the items cannot be sent; then they are sent one by one, and those that cannot be are refused. */
  constructor(
    post: (items: ReadonlyArray<Numbered<A>>) => void,
    refuse: (id: number, item: A, cause: unknown) => void,
  ) {
    this.post = post
    this.refuse = refuse
  }

  /** Sends it soon; at once where it may change until then. */
  add(id: number, item: A, values: ReadonlyArray<unknown>): void {
    this.items.push([id, item])
    if (this.items.length === MOST || values.some((value) => typeof value === "object" && value !== null))
      this.flush()
    else if (this.items.length === 1) queueMicrotask(() => this.flush())
  }

  flush(): void {
    const { items } = this
    if (items.length === 0) return
    this.items = []
    try {
      this.post(items)
    } catch {
      for (const item of items) this.postOne(item)
    }
  }

  private postOne([id, item]: Numbered<A>): void {
    try {
      this.post([[id, item]])
    } catch (cause) {
      this.refuse(id, item, cause)
    }
  }
}

/** What becomes of an outcome that cannot be sent. */
export const refused = (outcome: Outcome, cause: unknown): Outcome => {
  const value = describe(outcome.is === "done" ? outcome.value : outcome)
  return { is: "raised", failure: { kind: "encoding", subject: "result", value, error: encodeError(cause) } }
}

/** Calls as a message. */
export const packCalls = (calls: ReadonlyArray<Numbered<Call>>): ToManager => {
  const runs: Array<CallRun & { readonly ids: Array<number>; readonly args: Array<unknown> }> = []
  let run: (typeof runs)[number] | undefined
  for (const [id, { args, from, method, target }] of calls) {
    if (run?.target !== target || run.method !== method || run.from !== from || run.arity !== args.length) {
      run = { ...(from === undefined ? {} : { from }), target, method, arity: args.length, ids: [], args: [] }
      runs.push(run)
    }
    run.ids.push(id)
    for (let i = 0; i < args.length; i++) run.args.push(args[i])
  }
  return { op: Op.Calls, runs }
}

/** Visits the calls of a message. */
export const eachCall = (runs: ReadonlyArray<CallRun>, visit: (id: number, call: Call) => void): void => {
  for (const { args, arity, ids, ...call } of runs) {
    for (let i = 0; i < ids.length; i++) {
      visit(ids[i] as number, { ...call, args: args.slice(i * arity, (i + 1) * arity) })
    }
  }
}

/** Outcomes as a message. */
export const packOutcomes = (outcomes: ReadonlyArray<Numbered<Outcome>>): Outcomes => {
  const ids: Array<number> = []
  const values: Array<unknown> = []
  const others: Array<readonly [number, Outcome]> = []
  for (const [id, outcome] of outcomes) {
    if (outcome.is !== "done") others.push([ids.length, outcome])
    ids.push(id)
    values.push(outcome.is === "done" ? outcome.value : undefined)
  }
  return { op: Op.Outcomes, ids, values, others }
}

/** Visits the outcomes of a message. */
export const eachOutcome = (
  { ids, others, values }: Outcomes,
  visit: (id: number, outcome: Outcome) => void,
): void => {
  let next = 0
  for (let i = 0; i < ids.length; i++) {
    const other = others[next]
    if (other?.[0] === i) next++
    visit(ids[i] as number, other?.[0] === i ? other[1] : { is: "done", value: values[i] })
  }
}
