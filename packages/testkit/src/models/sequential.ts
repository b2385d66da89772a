/**
 * The primitives as if one agent alone used them, for `Linearizability`. A call is its name and its arguments; one that fails
 * has the tag of the error for a result.
 *
 * A wait at a condition or a barrier is not one step: it ends only after others have done theirs, so no order of whole
 * calls explains it. It has two halves, each of which takes effect at one moment within the call: `inHalves` makes it two
 * operations, `come` and `go`. After Castañeda, Rajsbaum, Raynal, "Unifying concurrent objects and distributed tasks:
 * interval-linearizability" (2018).
 */
import type { Model, Operation } from "../Linearizability.ts"

export type Plain = number | bigint | boolean | string | undefined
export type Call = readonly [what: string, ...args: ReadonlyArray<any>]

/** Passing at a gate may fail where it is open, as long as another waits: the gate may be reserved for that one. */
const mayBeReserved = (beside: ReadonlyArray<Call>): boolean =>
  beside.some(([what]) => what === "acquire" || what === "release")

const unknown = ([what]: Call): never => {
  throw new Error(`The model does not know the call ${what}`)
}

/**
 * A lock, or a semaphore: its state is how many may pass. `most` is what a release must not exceed; `taken` what an
 * `acquire` or `tryAcquire` returns that has passed. `acquire` takes milliseconds, or waits. With how many it passes, 1 or as
 * many as told, is the last argument of each.
 */
export const gate = (initial: number, most: number, taken: Plain): Model<number, Call, Plain> => ({
  initial,
  step: (free, call, beside) => {
    const [what, first, second] = call
    switch (what) {
      case "tryAcquire":
      case "acquire": {
        const wanted = (what === "tryAcquire" ? first : second) ?? 1
        const fails = free < wanted || mayBeReserved(beside)
        const givesUp = what === "tryAcquire" || first !== undefined
        return [
          ...(free >= wanted ? [[taken, free - wanted] as const] : []),
          ...(fails && givesUp ? [[false, free] as const] : []),
        ]
      }
      case "release": {
        const next = free + (first ?? 1)
        return [next > most ? ["OverRelease", free] : [undefined, next]]
      }
      case "permits":
        return [[free, free]]
      case "isLocked":
        return [[free === 0, free]]
      default:
        return unknown(call)
    }
  },
})

/** A recursive lock: its state is its owner and how deep that one holds it. The first argument of each call is the agent. */
export const rlock: Model<string, Call, Plain> = {
  initial: "nobody 0",
  step: (state, call, beside) => {
    const [what, agent, milliseconds] = call
    const [owner, depth] = [state.split(" ")[0], Number(state.split(" ")[1])]
    const mine = owner === `${agent}`
    switch (what) {
      case "tryAcquire":
      case "acquire": {
        const passes = depth === 0 || mine
        const fails = !mine && (depth > 0 || mayBeReserved(beside))
        const gives = what === "tryAcquire" || milliseconds !== undefined
        return [
          ...(passes ? [["acquired", `${agent} ${depth + 1}`] as const] : []),
          ...(fails && gives ? [[false, state] as const] : []),
        ]
      }
      case "release":
        if (!mine) return [["NotOwner", state]]
        return [[undefined, depth === 1 ? "nobody 0" : `${agent} ${depth - 1}`]]
      case "isLocked":
        return [[depth > 0, state]]
      case "depth":
        return [[mine ? depth : 0, state]]
      default:
        return unknown(call)
    }
  },
}

/** An event. A `wait` takes milliseconds. */
export const event: Model<boolean, Call, Plain> = {
  initial: false,
  step: (isSet, call) => {
    switch (call[0]) {
      case "set":
        return [[undefined, true]]
      case "clear":
        return [[undefined, false]]
      case "isSet":
      case "wait":
        return [[isSet, isSet]]
      default:
        return unknown(call)
    }
  },
}

/**
 * A queue of so many numbers: its state is what it holds. `put` and `get` take milliseconds. Who puts may fail where there is room
 * as long as another puts, and who gets where there is something as long as another gets: one at a time has its turn.
 */
export const queue = (capacity: number): Model<string, Call, Plain> => ({
  initial: "",
  step: (state, call, beside) => {
    const [what, value] = call
    const values = state === "" ? [] : state.split(" ")
    const isBeside = (...names: ReadonlyArray<string>) => beside.some(([other]) => names.includes(other))
    switch (what) {
      case "put":
      case "tryPut": {
        const isFull = values.length === capacity
        return [
          ...(isFull ? [] : [[true, [...values, value].join(" ")] as const]),
          ...(isFull || isBeside("put", "tryPut") ? [[false, state] as const] : []),
        ]
      }
      case "get":
      case "tryGet": {
        const nothing = what === "get" ? "Empty" : undefined
        const [first, ...rest] = values
        return [
          ...(first === undefined ? [] : [[Number(first), rest.join(" ")] as const]),
          ...(first === undefined || isBeside("get", "tryGet") ? [[nothing, state] as const] : []),
        ]
      }
      case "size":
        return [[values.length, state]]
      default:
        return unknown(call)
    }
  },
})

/** A number whose type wraps as told. */
export const value = <V extends number | bigint | string>(
  initial: V,
  wrap: (value: any) => V = (value) => value,
): Model<V, Call, Plain> => ({
  initial,
  step: (now, call) => {
    const [what, first, second] = call
    switch (what) {
      case "get":
        return [[now, now]]
      case "set":
        return [[undefined, wrap(first)]]
      case "fetchAdd":
        return [[now, wrap((now as any) + first)]]
      case "compareExchange":
        return [[now, now === wrap(first) ? wrap(second) : now]]
      case "double":
        return [[now, wrap((now as any) + (now as any))]]
      default:
        return unknown(call)
    }
  },
})

/** A history with each `wait` as two operations over the same time. Only the second tells what became of it. */
export const inHalves = (
  history: ReadonlyArray<Operation<Call, Plain>>,
): ReadonlyArray<Operation<Call, Plain>> =>
  history.flatMap((op) => {
    const [what, ...args] = op.call
    if (what !== "wait") return [op]
    return [
      { ...op, call: ["come", ...args], result: undefined },
      { ...op, call: ["go", ...args], result: op.result },
    ]
  })

/** A state that is made of lists, as text. */
const asText = <State>(
  initial: State,
  step: (state: State, call: Call) => ReadonlyArray<readonly [Plain, State]>,
): Model<string, Call, Plain> => ({
  initial: JSON.stringify(initial),
  step: (state, call) =>
    step(JSON.parse(state), call).map(([result, next]) => [result, JSON.stringify(next)] as const),
})

const without = (agents: ReadonlyArray<number>, agent: number): ReadonlyArray<number> =>
  agents.filter((other) => other !== agent)

interface ConditionState {
  /** Who has the lock. */
  readonly owner: number | undefined
  /** Who waits, in the order in which they came; who was notified and has not gone; who came without the lock. */
  readonly waiting: ReadonlyArray<number>
  readonly notified: ReadonlyArray<number>
  readonly refused: ReadonlyArray<number>
}

/** A condition over a lock that no agent takes twice. The first argument of each call is the agent; `wait` may take milliseconds. */
export const condition: Model<string, Call, Plain> = asText<ConditionState>(
  { owner: undefined, waiting: [], notified: [], refused: [] },
  (state, call) => {
    const [what, agent, argument] = call
    const { notified, owner, refused, waiting } = state
    const mine = owner === agent
    switch (what) {
      case "acquire":
        return owner === undefined ? [["acquired", { ...state, owner: agent }]] : []
      case "release":
        return mine ? [[undefined, { ...state, owner: undefined }]] : [["NotOwner", state]]
      case "notify": {
        if (!mine) return [["NotOwner", state]]
        const reached = waiting.slice(0, argument)
        return [
          [
            undefined,
            { ...state, waiting: waiting.slice(argument), notified: [...notified, ...reached].sort() },
          ],
        ]
      }
      case "come":
        if (!mine) return [[undefined, { ...state, refused: [...refused, agent].sort() }]]
        return [[undefined, { ...state, owner: undefined, waiting: [...waiting, agent] }]]
      case "go":
        if (refused.includes(agent)) return [["NotOwner", { ...state, refused: without(refused, agent) }]]
        if (owner !== undefined) return []
        if (notified.includes(agent))
          return [["acquired", { ...state, owner: agent, notified: without(notified, agent) }]]
        // It has not come yet, or waits on.
        if (!waiting.includes(agent) || argument === undefined) return []
        return [[false, { ...state, owner: agent, waiting: without(waiting, agent) }]]
      default:
        return unknown(call)
    }
  },
)

interface BarrierState {
  readonly isBroken: boolean
  readonly waiting: ReadonlyArray<number>
  /** Those that have met and not gone, and the index of the next of them, for each time. */
  readonly met: ReadonlyArray<{ readonly left: ReadonlyArray<number>; readonly index: number }>
  /** Those for which it broke. */
  readonly failed: ReadonlyArray<number>
}

/** A barrier. The first argument of each call is the agent; `wait` may take milliseconds, after which it breaks. */
export const barrier = (parties: number): Model<string, Call, Plain> =>
  asText<BarrierState>({ isBroken: false, waiting: [], met: [], failed: [] }, (state, call) => {
    const [what, agent, milliseconds] = call
    const { failed, isBroken, met, waiting } = state
    const fail = (who: ReadonlyArray<number>, more: Partial<BarrierState>): BarrierState => ({
      ...state,
      ...more,
      failed: [...failed, ...who].sort(),
    })
    switch (what) {
      case "come": {
        if (isBroken) return [[undefined, fail([agent], {})]]
        const all = [...waiting, agent].sort()
        if (all.length < parties) return [[undefined, { ...state, waiting: all }]]
        return [[undefined, { ...state, waiting: [], met: [...met, { left: all, index: 0 }] }]]
      }
      case "go": {
        if (failed.includes(agent)) return [["BrokenBarrier", { ...state, failed: without(failed, agent) }]]
        const time = met.find(({ left }) => left.includes(agent))
        if (time !== undefined) {
          const after = { left: without(time.left, agent), index: time.index + 1 }
          const next = met.map((each) => (each === time ? after : each)).filter(({ left }) => left.length > 0)
          return [[time.index, { ...state, met: next }]]
        }
        if (!waiting.includes(agent) || milliseconds === undefined) return []
        return [["BrokenBarrier", fail(without(waiting, agent), { isBroken: true, waiting: [] })]]
      }
      case "abort":
        return [[undefined, fail(waiting, { isBroken: true, waiting: [] })]]
      case "reset":
        return [[undefined, fail(waiting, { isBroken: false, waiting: [] })]]
      case "isBroken":
        return [[isBroken, state]]
      case "waiting":
        return [[waiting.length, state]]
      default:
        return unknown(call)
    }
  })
