/**
 * The primitives as if one agent alone used them, for `Linearizability`. A call is its name and its arguments; one that fails
 * has the tag of the error for a result.
 */
import type { Model } from "../Linearizability.ts"

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
