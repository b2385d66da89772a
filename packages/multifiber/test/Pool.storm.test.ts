/** Random programs against a pool: whatever is submitted, cancelled and ended, each task has exactly one fitting outcome. */
import { expect, it } from "@effect/vitest"
import { layer } from "@multifiber/platform"
import * as Flags from "@multifiber/testkit/Flags"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { act, codeOf, type Order, WHATS } from "./fixtures/storm.ts"
import { within } from "./live.ts"

type Step =
  | {
      readonly do: "submit"
      readonly how: "apply" | "applyAsync" | "map"
      readonly whats: ReadonlyArray<Order["what"]>
      /** Interrupted after so many further steps. */
      readonly cancelAfter: number | undefined
    }
  | { readonly do: "pause" }
  | { readonly do: "unencodable argument" }
  | { readonly do: "close" | "terminate" }

const SIZE = 2
const ITEMS = 200

const what = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...WHATS.filter((each) => !each.startsWith("exit"))) },
  { weight: 1, arbitrary: fc.constantFrom("exit" as const, "exitLater" as const) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      how: fc.constantFrom("apply", "applyAsync", "map"),
      whats: fc.array(what, { minLength: 1, maxLength: 4 }),
      cancelAfter: fc.option(fc.nat(5), { nil: undefined }),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ do: "pause" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "unencodable argument" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("close" as const, "terminate" as const) }) },
)

const storm = fc.record({
  steps: fc.array(step, { minLength: 10, maxLength: 40 }),
  end: fc.constantFrom("wait", "close", "terminate", "scope"),
})

/** A submission, and what may become of it. */
interface Submission {
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  readonly orders: ReadonlyArray<Order>
  readonly how: "apply" | "applyAsync" | "map"
  readonly poolState: "running" | "closed" | "terminated"
  cancelled: boolean
}

const failureOf = ({ n, what }: Order): object | undefined => {
  switch (what) {
    case "throw":
    case "reject":
      return { _tag: "RemoteFailure", message: `order ${n}` }
    case "exit":
    case "exitLater":
      return { _tag: "WorkerLost", exitCode: codeOf(n) }
    case "unencodable":
      return { _tag: "EncodingFailed", subject: "result" }
    default:
      return undefined
  }
}

/** Whether an exit fits: the pool may have been terminated since. */
const check = (
  { cancelled, how, orders, poolState }: Submission,
  exit: Exit.Exit<unknown, unknown>,
  terminated: boolean,
) => {
  if (Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)) return expect(cancelled).toBe(true)
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  if (poolState !== "running")
    return expect(error).toMatchObject({ _tag: "PoolNotRunning", state: poolState })
  if (terminated && (error as { readonly _tag?: string } | undefined)?._tag === "PoolTerminated") return
  const failures = orders.map(failureOf).filter((each) => each !== undefined)
  if (failures.length > 0) {
    // The exit of a worker for an order makes no other order fail.
    expect(failures.some((each) => expect.objectContaining(each).asymmetricMatch(error))).toBe(true)
  } else {
    const values = orders.map(({ n }) => n)
    expect(exit).toEqual(Exit.succeed(how === "map" ? values : values[0]))
  }
}

const run = ({
  end,
  steps,
}: {
  readonly steps: ReadonlyArray<Step>
  readonly end: "wait" | "close" | "terminate" | "scope"
}) =>
  Effect.gen(function* () {
    const { agents, holds, until } = yield* Recorder.Recorder
    const scope = yield* Scope.make()
    const pool = yield* Scope.extend(Pool.make({ size: SIZE, grace: "500 millis" }), scope)
    const flags = Flags.make(ITEMS)
    const submissions: Array<Submission> = []
    const cancels: Array<{ readonly submission: Submission; steps: number }> = []
    let poolState: Submission["poolState"] = "running"
    let n = 0

    const submit = (
      how: Submission["how"],
      orders: ReadonlyArray<Order>,
    ): Effect.Effect<unknown, unknown> => {
      const [order] = orders as [Order]
      if (how === "apply") return Pool.apply(pool, act, [order])
      if (how === "map") return Pool.map(pool, act, orders, { chunkSize: 1 })
      return Effect.flatMap(Pool.applyAsync(pool, act, [order]), AsyncResult.get)
    }

    for (const each of steps) {
      for (const cancel of cancels) {
        if (cancel.steps-- !== 0) continue
        cancel.submission.cancelled = true
        yield* Fiber.interruptFork(cancel.submission.fiber)
      }
      if (each.do === "pause") yield* Effect.sleep("1 millis")
      if (each.do === "unencodable argument") {
        const call = Pool.apply(pool, act, [{ n: 0, flags, what: () => {} } as unknown as Order])
        if (poolState === "running") yield* Effect.fork(call)
      }
      if (each.do === "close") {
        yield* Pool.close(pool)
        if (poolState === "running") poolState = "closed"
      }
      if (each.do === "terminate") {
        yield* Pool.terminate(pool)
        poolState = "terminated"
      }
      if (each.do !== "submit" || n + each.whats.length > ITEMS) continue
      const whats = each.how === "map" ? each.whats : each.whats.slice(0, 1)
      const orders = whats.map((what): Order => ({ n: n++, what, flags }))
      const fiber = yield* Effect.fork(submit(each.how, orders))
      const submission: Submission = { fiber, orders, how: each.how, poolState, cancelled: false }
      // The fork submits before the pool changes its state.
      yield* Effect.yieldNow()
      submissions.push(submission)
      if (each.cancelAfter !== undefined) cancels.push({ submission, steps: each.cancelAfter })
    }

    if (end === "close" || end === "terminate") yield* Pool[end](pool)
    if (end === "scope") yield* within(20)(Scope.close(scope, Exit.void))
    const exits = yield* within(30)(Effect.forEach(submissions, ({ fiber }) => Fiber.await(fiber)))
    const terminated = poolState === "terminated" || end === "terminate" || end === "scope"
    submissions.forEach((submission, index) => {
      check(submission, exits[index] as Exit.Exit<unknown, unknown>, terminated)
    })
    expect([...flags].filter((times) => times > 1)).toEqual([])
    submissions.forEach(({ orders }, index) => {
      if (Exit.isSuccess(exits[index] as Exit.Exit<unknown, unknown>)) {
        expect(orders.map(({ n }) => Flags.get(flags, n))).toEqual(orders.map(() => 1))
      }
    })
    if (end === "wait" && poolState === "running") {
      yield* within(20)(until(() => agents.filter(({ exit }) => exit === undefined).length === SIZE))
      expect(yield* within(20)(Pool.apply(pool, act, [{ n: ITEMS - 1, what: "ok", flags }]))).toBe(ITEMS - 1)
    }
    yield* within(20)(Scope.close(scope, Exit.void))
    yield* within(20)(until(() => agents.every(({ exit }) => exit !== undefined)))
    expect(holds()).toBe(0)
  })

it(
  "in a storm of tasks, cancellations and ends, every task has exactly one outcome, which fits",
  { timeout: 300_000 },
  () =>
    fc.assert(
      fc.asyncProperty(storm, (input) =>
        Effect.runPromise(run(input).pipe(Effect.provide(Recorder.layer(layer)))),
      ),
      { numRuns: 20, endOnFailure: true },
    ),
)
