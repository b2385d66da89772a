/**
 * Whether what agents did side by side could have been done one after the other, each operation at some moment between
 * its begin and its end: Herlihy's and Wing's correctness of concurrent objects, checked on a recorded history.
 *
 * The history is read once, in the order of its events. Known at each moment are all pairs of a state and of the pending
 * operations that have taken effect; an end drops the pairs in which its operation cannot have. After Wing and Gong,
 * "Testing and verifying concurrent objects" (1993), with Lowe's just-in-time order, "Testing for linearizability" (2017),
 * and with equal pairs kept once, as there and in Horn and Kroening, "Faster linearizability checking via
 * P-compositionality" (2015).
 */

type Plain = number | bigint | boolean | string | undefined

/** What an agent did. One that has not ended may have taken effect or not. */
export interface Operation<Call, Result> {
  readonly agent: number
  readonly call: Call
  readonly result: Result
  /** Moments of one clock, which gives each only once. */
  readonly begin: number
  readonly end: number | undefined
}

/** The object, as if one agent alone used it. */
export interface Model<State extends Plain, Call, Result extends Plain> {
  readonly initial: State
  /**
   * Every result that the call may have, with the state that it leaves; none where it has to wait. `beside` are the calls
   * that it overlaps with: for objects that promise less while others are at work.
   */
  readonly step: (
    state: State,
    call: Call,
    beside: ReadonlyArray<Call>,
  ) => ReadonlyArray<readonly [result: Result, next: State]>
}

/** Yes, or the operations that do not fit, since nothing was going on last, with the states that there were then. */
export type Verdict<State, Call, Result> =
  | { readonly linearizable: true }
  | {
      readonly linearizable: false
      readonly window: ReadonlyArray<Operation<Call, Result>>
      readonly from: ReadonlyArray<State>
    }

/** A state, and the pending operations that have taken effect. */
interface Known<State, Op> {
  readonly state: State
  readonly done: ReadonlySet<Op>
}

/** Checks a history, whose operations may come in any order. */
export const check = <State extends Plain, Call, Result extends Plain>(
  history: ReadonlyArray<Operation<Call, Result>>,
  { initial, step }: Model<State, Call, Result>,
): Verdict<State, Call, Result> => {
  type Op = Operation<Call, Result>
  const pending = new Map<Op, Array<Call>>()
  const numbers = new Map(history.map((op, number) => [op, number]))
  let known: ReadonlyArray<Known<State, Op>> = [{ state: initial, done: new Set() }]
  let window: Array<Op> = []
  let from: ReadonlyArray<State> = [initial]

  const keyOf = ({ done, state }: Known<State, Op>): string =>
    `${typeof state} ${state} ${[...done].map((op) => numbers.get(op)).sort()}`

  /** What an operation may make of what is known; it has the result that was recorded, if it has ended. */
  const after = ({ done, state }: Known<State, Op>, op: Op): ReadonlyArray<Known<State, Op>> =>
    step(state, op.call, pending.get(op) ?? [])
      .filter(([result]) => op.end === undefined || result === op.result)
      .map(([, next]) => ({ state: next, done: new Set(done).add(op) }))

  /** All that may be when an operation ends: it has taken effect, after any of the others that are pending. */
  const ended = (op: Op): ReadonlyArray<Known<State, Op>> => {
    const seen = new Map<string, Known<State, Op>>()
    const found = new Map<string, Known<State, Op>>()
    const open = [...known]
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      const key = keyOf(each)
      if (seen.has(key)) continue
      seen.set(key, each)
      if (each.done.has(op)) {
        const left = { state: each.state, done: new Set([...each.done].filter((other) => other !== op)) }
        found.set(keyOf(left), left)
        continue
      }
      for (const other of pending.keys()) if (!each.done.has(other)) open.push(...after(each, other))
    }
    return [...found.values()]
  }

  for (const { begins, op } of events(history)) {
    if (begins) {
      if (pending.size === 0) {
        window = []
        from = known.map(({ state }) => state)
      }
      for (const beside of pending.values()) beside.push(op.call)
      pending.set(
        op,
        [...pending.keys()].map(({ call }) => call),
      )
      window.push(op)
      continue
    }
    known = ended(op)
    if (known.length === 0) return { linearizable: false, window, from }
    pending.delete(op)
  }
  return { linearizable: true }
}

/** The begins and ends of a history, in order. */
const events = <Op extends Operation<unknown, unknown>>(history: ReadonlyArray<Op>) =>
  history
    .flatMap((op) => [
      { at: op.begin, begins: true, op },
      ...(op.end === undefined ? [] : [{ at: op.end, begins: false, op }]),
    ])
    .sort((left, right) => left.at - right.at)

/** A history as text, an operation on each line, for the message of a failure. */
export const show = (history: ReadonlyArray<Operation<unknown, unknown>>): string =>
  history
    .map(
      ({ agent, begin, call, end, result }) =>
        `${begin}–${end ?? ""} agent ${agent}: ${text(call)} => ${end === undefined ? "?" : text(result)}`,
    )
    .join("\n")

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? "nothing"
