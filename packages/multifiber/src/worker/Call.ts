/** One call of a task inside an agent: arguments in, a value, a promise or a throw out. */
import type { Effect } from "effect/Effect"
import * as Agent from "../Agent.ts"
import { describe, type EncodedError, encodeError } from "../wire/EncodedError.ts"
import { EACH, type Failure, RANGE, type Segment, type SharedRange } from "../wire/Protocol.ts"
import { Packer, reader } from "../wire/packed.ts"
import type { EffectFailure, EffectRunner } from "./EffectRunner.ts"
import type { Defined } from "./Loader.ts"

/** A failure that is already in its wire form. */
class Refused {
  readonly failure: Failure
  constructor(failure: Failure) {
    this.failure = failure
  }
}

const EFFECT = Symbol.for("effect/Effect")

export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function"

const isEffect = (value: unknown): value is Effect<unknown, unknown, any> =>
  typeof value === "object" && value !== null && EFFECT in value

export type RunEffect = (task: Defined) => Promise<EffectRunner>

/** Runs call number `call` of a segment. */
export const run = (task: Defined, segment: Segment, call: number, runEffect: RunEffect): unknown =>
  segment.arity === RANGE
    ? runRange(task, segment, runEffect)
    : segment.arity < 0
      ? runEach(task, segment, runEffect)
      : complete(task, invoke(task, segment, call), segment, runEffect)

const invoke = (task: Defined, segment: Segment, call: number): unknown => {
  const { arity } = segment
  const values = segment.values as ArrayLike<unknown>
  if (arity === 1) return invokeOne(task, values[call])
  if (arity === 0 && !task.codec) return task.run()
  if (arity === 2 && !task.codec) return task.run(values[2 * call], values[2 * call + 1])
  return invokeList(task, Array.prototype.slice.call(values, call * arity, (call + 1) * arity))
}

const invokeOne = (task: Defined, value: unknown): unknown =>
  task.codec ? task.run(...decodeArgs(task.codec, [value])) : task.run(value)

const invokeList = (task: Defined, args: ReadonlyArray<unknown>): unknown =>
  task.run(...(task.codec ? decodeArgs(task.codec, args) : args))

const itemOf = ({ arity }: Segment) => (arity === EACH ? invokeOne : (invokeList as typeof invokeOne))

const runEach = (task: Defined, segment: Segment, runEffect: RunEffect): unknown => {
  const read = reader(segment.values)
  const invokeItem = itemOf(segment)
  const results = new Packer(segment.values.length)
  for (let i = 0; i < segment.values.length; i++) {
    const result = complete(task, invokeItem(task, read(i)), segment, runEffect)
    if (isPromise(result)) return finishEach(task, segment, runEffect, results, i, result)
    results.add(result)
  }
  return results.end()
}

const finishEach = async (
  task: Defined,
  segment: Segment,
  runEffect: RunEffect,
  results: Packer,
  pending: number,
  result: PromiseLike<unknown>,
): Promise<unknown> => {
  const read = reader(segment.values)
  const invokeItem = itemOf(segment)
  results.add(await result)
  for (let i = pending + 1; i < segment.values.length; i++) {
    results.add(await complete(task, invokeItem(task, read(i)), segment, runEffect))
  }
  return results.end()
}

/** Runs the task for one slice of the range after the other, as long as there are some that nobody has claimed. */
const runRange = (task: Defined, segment: Segment, runEffect: RunEffect): unknown => {
  const { args, cursor, from, grain, slices, to } = (segment.values as ArrayLike<unknown>)[0] as SharedRange
  const next = new Int32Array(cursor)
  const results: Array<readonly [slice: number, result: unknown]> = []
  const run = (slice: number): unknown => {
    const begin = from + slice * grain
    const end = Math.min(begin + grain, to)
    return complete(task, task.run(begin, end, ...args), segment, runEffect)
  }
  const fail = (thrown: unknown): never => {
    // Nobody claims another.
    Atomics.store(next, 0, slices)
    throw thrown
  }
  const go = (): unknown => {
    try {
      while (!Agent.state().isCancelled()) {
        const slice = Atomics.add(next, 0, 1)
        if (slice >= slices) break
        const result = run(slice)
        if (isPromise(result)) {
          return result.then((value) => {
            results.push([slice, value])
            return go()
          }, fail)
        }
        results.push([slice, result])
      }
      return results
    } catch (thrown) {
      return fail(thrown)
    }
  }
  return go()
}

const complete = (task: Defined, returned: unknown, { span }: Segment, runEffect: RunEffect): unknown => {
  if (isEffect(returned)) {
    return runEffect(task)
      .then((effects) => effects.run(task.url, returned, span))
      .then((value) => encodeSuccess(task, value))
  }
  if (isPromise(returned)) return returned.then((value) => encodeSuccess(task, value))
  return encodeSuccess(task, returned)
}

const encodeSuccess = (task: Defined, value: unknown): unknown => {
  if (!task.codec) return value
  try {
    return task.codec.encodeSuccess(value)
  } catch (thrown) {
    throw refuse("result", value, thrown)
  }
}

const decodeArgs = (
  codec: NonNullable<Defined["codec"]>,
  args: ReadonlyArray<unknown>,
): ReadonlyArray<unknown> => {
  try {
    return codec.decodeArgs(args)
  } catch (thrown) {
    throw refuse("argument", args, thrown)
  }
}

const refuse = (subject: "argument" | "result", value: unknown, thrown: unknown): Refused =>
  new Refused({ kind: "encoding", subject, value: describe(value), error: encodeError(thrown) })

/** The wire form of whatever a call threw or rejected with. */
export const failureOf = (task: Defined, thrown: unknown): Failure => {
  if (thrown instanceof Refused) return thrown.failure
  const errors = errorsOf(thrown)
  if (errors.length === 0) return { kind: "interrupted" }
  const typed = task.codec?.encodeError(errors[0])
  return typed ? { kind: "typed", value: typed.value } : { kind: "raised", error: encodeFailure(thrown) }
}

/** A single error as it is, several as one `AggregateError`. */
export const encodeFailure = (thrown: unknown): EncodedError => {
  const errors = errorsOf(thrown)
  return encodeError(
    errors.length === 1 ? errors[0] : new AggregateError(errors, `${errors.length} failures`),
  )
}

/** An `EffectFailure` is told by its tag: its class is in a module that plain tasks do not load. */
const errorsOf = (thrown: unknown): ReadonlyArray<unknown> =>
  typeof thrown === "object" &&
  thrown !== null &&
  (thrown as EffectFailure)._tag === "~multifiber/EffectFailure"
    ? (thrown as EffectFailure).errors
    : [thrown]

/**
 * Lets the calls above meet several functions before any task. V8 inlines a task into the only call that it has, as Maglev compiles
 * that after some 400 calls, and never comes back to the copy: tight loops run at a fifth of their speed from then on, on Node 24 and
 * Deno 2.9 (the benchmark `tiering`). A call that has met four functions inlines none.
 */
const meet = (run: () => number): void => {
  const task = { run, codec: undefined } as unknown as Defined
  for (let arity = 0; arity <= 3; arity++) {
    const segment: Segment = { task: 0, arity, values: [0, 0, 0], calls: 1 }
    for (let call = 0; call < 3; call++) invoke(task, segment, 0)
  }
}

for (const run of [() => 0, () => 1, () => 2, () => 3]) meet(run)
