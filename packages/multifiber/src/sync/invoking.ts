/** Calls of methods of managed objects, wherever they are. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { refusal } from "../agent/Asking.ts"
import * as Calls from "../agent/Calls.ts"
import type { Task } from "../Task.ts"
import { decodeFailure } from "../wire/Failure.ts"
import type { Outcome } from "../wire/Protocol.ts"
import { type Failure, failureWith } from "./attempting.ts"
import { Entry, type Handle, holdForScope, sideOf } from "./managed.ts"
import { perform } from "./performing.ts"
import { isTag, type Tag } from "./plainErrors.ts"
import { adopt } from "./travelling.ts"
import { withdrawing } from "./withdrawing.ts"

/** What any call may fail with. */
const ALWAYS = ["ManagerClosed", "Closed", "NotFound", "EncodingFailed"] as const

type Always = (typeof ALWAYS)[number]

/** The object is out of reach for good. */
export const isGone = (error: unknown): boolean =>
  ["ManagerClosed", "Closed", "NotFound"].includes((error as { readonly _tag: string })._tag)

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** Done, with a copy for who is in the same agent, as others would get it; or why it cannot be copied. */
const copied = (value: unknown, subject: "argument" | "result"): Outcome => {
  if (!isObject(value) && typeof value !== "function") return { is: "done", value }
  try {
    return { is: "done", value: structuredClone(value) }
  } catch (cause) {
    return refusal(subject, value, cause)
  }
}

/** Of this agent's own objects, as of others. */
const performHere = (entry: Entry, method: string, args: ReadonlyArray<unknown>, reply: Calls.Reply) => {
  const own = copied(args, "argument")
  if (own.is !== "done") {
    reply(own)
    return () => {}
  }
  adopt(own.value)
  return perform(entry, method, own.value as typeof args, (outcome) =>
    reply(outcome.is === "done" ? copied(outcome.value, "result") : outcome),
  )
}

/** Calls a method of an object. Interruption withdraws the call. */
type Invoke<E> = <A>(self: Handle, method: string, args: ReadonlyArray<unknown>) => Effect.Effect<A, E>

/** Calls methods that fail with what is named, beside what any call may fail with; anything else is a defect. */
export const invoking = <T extends Tag = never>(...tags: ReadonlyArray<T>): Invoke<Failure<T | Always>> => {
  const expected: ReadonlySet<string> = new Set([...ALWAYS, ...tags])
  return (self, method, args) =>
    invokeWith(self, method, args, (error) =>
      expected.has((error as { readonly _tag: string })._tag)
        ? Effect.fail(error as Failure<T | Always>)
        : Effect.die(error),
    )
}

/** The same of a method of the user's, which may fail with anything. */
export const invokeAny = <A>(
  self: Handle,
  method: string,
  args: ReadonlyArray<unknown>,
): Effect.Effect<A, unknown> => invokeWith(self, method, args, Effect.fail)

/** Calls a method; returns what withdraws that. There is an answer in any case, which may have handles in it. */
export const ask = (
  self: Handle,
  method: string,
  args: ReadonlyArray<unknown>,
  reply: Calls.Reply,
): (() => void) => {
  const side = sideOf(self)
  return side instanceof Entry
    ? performHere(side, method, args, reply)
    : Calls.call({ target: side.id, method, args }, reply)
}

const invokeWith = <A, E>(
  self: Handle,
  method: string,
  args: ReadonlyArray<unknown>,
  fail: (error: unknown) => Effect.Effect<never, E>,
): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((_, status) => {
    let isOver = false
    let withdraw = () => {}
    const answered = Effect.async<A, E>((resume) => {
      // What comes too late is read, too: it may have handles in it.
      const reply = (outcome: Outcome): void => {
        isOver = true
        resume(read<A, E>(outcome, method, fail))
      }
      withdraw = ask(self, method, args, reply)
    })
    return withdrawing(answered, status, () => {
      if (!isOver) withdraw()
    })
  })

const read = <A, E>(
  outcome: Outcome,
  method: string,
  fail: (error: unknown) => Effect.Effect<never, E>,
): Effect.Effect<A, E> => {
  switch (outcome.is) {
    case "done":
      if (isObject(outcome.value)) adopt(outcome.value)
      return Effect.succeed(outcome.value as A)
    case "failed": {
      const { fields, tag } = outcome
      adopt(fields)
      return isTag(tag) ? fail(failureWith(tag, fields)) : Effect.dieMessage(`there is no failure ${tag}`)
    }
    case "raised": {
      const task = { name: method, url: "a managed object" } as Task.Any
      return fail(decodeFailure(task, outcome.failure, ""))
    }
    default:
      return Effect.interrupt
  }
}

/** Makes something for a scope, at whose end this agent gives it back. */
export const forScope = <H extends Handle, E>(
  making: Effect.Effect<H, E>,
): Effect.Effect<H, E, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.tap(restore(making), (handle) => {
      const release = holdForScope(handle)
      return Effect.addFinalizer(() => Effect.sync(release))
    }),
  )
