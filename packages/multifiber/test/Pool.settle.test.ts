/**
 * The settle law: whatever is submitted, given up, killed and ended, each task has exactly one outcome, which fits what was done to
 * it, and nothing hangs. Random programs run one after the other for MULTIFIBER_STORM_SECONDS, a few seconds where that says nothing;
 * MULTIFIBER_STORM_SEED repeats those of a run.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { expect, it } from "@effect/vitest"
import { layer } from "@multifiber/platform"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { StartMethod } from "../src/StartMethod.ts"
import { act, codeOf, type Order, runsIn, WHATS } from "./fixtures/settle.ts"
import { within } from "./live.ts"

const SECONDS = Number(process.env.MULTIFIBER_STORM_SECONDS ?? 4)
const SEED = Number(process.env.MULTIFIBER_STORM_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Fails where nothing goes on for 40 s: a program with many workers in a row may take longer as a whole. */
const whileIn = <A>(progress: Effect.Effect<string>, effect: Effect.Effect<A>): Effect.Effect<A> => {
  const stuck = (before: string): Effect.Effect<never> =>
    Effect.flatMap(Effect.delay(progress, "40 seconds"), (now) =>
      now === before ? Effect.dieMessage(`nothing has gone on for 40 s: ${now}`) : stuck(now),
    )
  return Effect.raceFirst(Effect.disconnect(effect), Effect.flatMap(progress, stuck))
}

/** Milliseconds: shorter than some tasks. */
const SHORT = 15

const what = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("ok", "later", "effect", "busy" as const) },
  { weight: 4, arbitrary: fc.constantFrom(...WHATS) },
)

const order = fc.record({ what, milliseconds: fc.constantFrom(0, 0, 1, 5, 30) })

const submit = fc.record({
  do: fc.constant("submit" as const),
  how: fc.constantFrom("apply", "applyAsync", "map", "imapEither", "imapUnorderedEither" as const),
  orders: fc.array(order, { minLength: 1, maxLength: 6 }),
  chunkSize: fc.integer({ min: 1, max: 3 }),
  priority: fc.constantFrom(0, 0, 0, 1, -1),
  timeout: fc.constantFrom(undefined, undefined, undefined, SHORT, 20_000),
  key: fc.constantFrom(undefined, undefined, "a", 1),
  retries: fc.constantFrom(0, 0, 0, 1),
  failFast: fc.boolean(),
  /** Given up after so many further steps. */
  giveUpAfter: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 1, 3),
})

const step = fc.oneof(
  { weight: 60, arbitrary: submit },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant("pause" as const),
      milliseconds: fc.constantFrom(0, 1, 5, 20),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("kill" as const), index: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("close" as const, "terminate" as const) }) },
)

const storm = fc.record({
  options: fc.record({
    size: fc.integer({ min: 1, max: 3 }),
    isElastic: fc.boolean(),
    capacity: fc.constantFrom(undefined, undefined, 1, 4),
    // With 1 a program of a hundred tasks starts a hundred workers, and its last one waits for them all.
    maxTasksPerChild: fc.constantFrom(undefined, undefined, 3, 5),
  }),
  steps: fc.array(step, { minLength: 20, maxLength: 60, size: "max" }),
  end: fc.constantFrom(
    "wait" as const,
    "wait" as const,
    "close" as const,
    "terminate" as const,
    "scope" as const,
  ),
})

type Storm = typeof storm extends fc.Arbitrary<infer A> ? A : never
type Submit = typeof submit extends fc.Arbitrary<infer A> ? A : never

interface Submission extends Seen {
  readonly step: Submit
  readonly orders: ReadonlyArray<Order>
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
}

/** What its caller has seen, and done. */
interface Seen {
  /** Of what was submitted and is not waited for. */
  result: AsyncResult.AsyncResult<unknown, unknown> | undefined
  /** How often a callback heard of it. */
  heard: number
  /** What a lazy map has given. */
  readonly given: Array<Either.Either<unknown, unknown>>
  isGivenUp: boolean
}

/** What was done to the pool. */
interface Events {
  kills: number
  /** Workers may have been ended because of a task that was given up or took too long. */
  stops: number
  exits: number
  isEnded: boolean
  isTerminated: boolean
}

const tagOf = (error: unknown) => (error as { readonly _tag?: string } | undefined)?._tag

/** What is wrong with how a task has failed, if anything is. */
const blame = (
  error: unknown,
  orders: ReadonlyArray<Order>,
  { isGivenUp, step }: Submission,
  events: Events,
  sharesMemory: boolean,
): string | undefined => {
  const { exitCode, message } = error as { readonly exitCode?: number; readonly message?: string }
  const didAny = (...whats: ReadonlyArray<Order["what"]>) => orders.some(({ what }) => whats.includes(what))
  const fits = (): boolean => {
    switch (tagOf(error)) {
      case "RemoteFailure":
        return orders.some(({ n, what }) => (what === "throw" || what === "fail") && message === `order ${n}`)
      case "EncodingFailed":
        return didAny("unencodable", "undecodable")
      case "WorkerLost": {
        const isOwn = orders.some(
          ({ n, what }) => (what === "exit" || what === "exitLater") && exitCode === codeOf(n),
        )
        // What an OS process was sent ahead is lost with it.
        const isAnothers =
          exitCode === -9 ? events.kills + events.stops > 0 : !sharesMemory && events.exits > 0
        return isOwn || isAnothers
      }
      case "TaskTimedOut":
        return step.timeout === SHORT
      case "TaskInterrupted":
        return isGivenUp || (step.how === "map" && step.failFast)
      case "PoolTerminated":
        return events.isTerminated
      case "PoolNotRunning":
        return events.isEnded
      default:
        return false
    }
  }
  return fits() ? undefined : `fails with ${error}`
}

const outcomeOf = (
  exit: Exit.Exit<unknown, unknown>,
  submission: Submission,
  events: Events,
  sharesMemory: boolean,
): string | undefined => {
  const { given, heard, isGivenUp, orders, result, step } = submission
  const isLazy = step.how.startsWith("imap")
  if (heard !== (result === undefined ? 0 : 1)) return `is heard of ${heard} times`
  if (isLazy) {
    const wrong = given.flatMap((each, index) => {
      // Unordered results tell by themselves whose they are, failures do not.
      const own = step.how === "imapEither" ? [orders[index] as Order] : orders
      if (each._tag === "Left") return blame(each.left, own, submission, events, sharesMemory) ?? []
      return own.some(({ n }) => n === each.right) ? [] : [`gives ${each.right}`]
    })
    if (wrong.length > 0) return wrong.join()
  }
  if (Exit.isSuccess(exit)) {
    if (isLazy) return given.length === orders.length ? undefined : `gives ${given.length} results`
    const expected = step.how === "map" ? orders.map(({ n }) => n) : orders[0]?.n
    return JSON.stringify(exit.value) === JSON.stringify(expected) ? undefined : `gives ${exit.value}`
  }
  if (Cause.isInterruptedOnly(exit.cause)) return isGivenUp ? undefined : "is interrupted"
  const error = Cause.squash(exit.cause)
  return blame(error, orders, submission, events, sharesMemory)
}

const run = (
  { end, options, steps }: Storm,
  log: string,
  sharesMemory: boolean,
  tally: Map<string, number>,
) =>
  Effect.gen(function* () {
    const { agents, holds, until } = yield* Recorder.Recorder
    const scope = yield* Scope.make()
    const { capacity, isElastic, maxTasksPerChild, size } = options
    const pool = yield* within(30)(
      Scope.extend(
        Pool.make({ size, capacity, maxTasksPerChild, minSize: isElastic ? 0 : size, grace: "500 millis" }),
        scope,
      ),
    )
    const events: Events = { kills: 0, stops: 0, exits: 0, isEnded: false, isTerminated: false }
    const submissions: Array<Submission> = []
    const leaving: Array<{ readonly submission: Submission; steps: number }> = []
    let orderCount = 0

    const start = (step: Submit) => {
      const orders = step.orders.map(({ milliseconds, what }): Order => {
        events.exits += what.startsWith("exit") ? 1 : 0
        return { n: orderCount++, what, milliseconds, log }
      })
      // What never ends must be stopped.
      const timeout = orders.some(({ what }) => what === "hang") ? SHORT : step.timeout
      const { chunkSize, failFast, how, key, priority, retries } = step
      const retry = retries > 0 ? Schedule.recurs(retries) : undefined
      const call: Pool.CallOptions = { priority, timeout, key, retry }
      if (timeout === SHORT) events.stops++
      const kept = how.startsWith("apply") ? orders.slice(0, 1) : orders
      const seen: Seen = { result: undefined, heard: 0, given: [], isGivenUp: false }
      const effect = Effect.suspend((): Effect.Effect<unknown, unknown> => {
        const [first] = kept as [Order]
        const hear = () => {
          seen.heard++
        }
        switch (how) {
          case "apply":
            return Pool.apply(pool, act, [first], call)
          case "applyAsync":
            return Effect.flatMap(
              Pool.applyAsync(pool, act, [first], { ...call, callback: hear, errorCallback: hear }),
              (result) => {
                seen.result = result
                return AsyncResult.get(result)
              },
            )
          case "map":
            return Pool.map(pool, act, kept, { ...call, chunkSize, failFast })
          default: {
            const buffer = Math.max(2, chunkSize)
            return Stream.runForEach(Pool[how](pool, act, kept, { ...call, chunkSize, buffer }), (each) =>
              Effect.sync(() => {
                seen.given.push(each)
              }),
            )
          }
        }
      })
      return Effect.map(
        Effect.fork(effect),
        (fiber): Submission => Object.assign(seen, { step: { ...step, timeout }, orders: kept, fiber }),
      )
    }

    const perform = (step: Storm["steps"][number]) =>
      Effect.gen(function* () {
        switch (step.do) {
          case "submit": {
            const submission = yield* start(step)
            yield* Effect.yieldNow()
            submissions.push(submission)
            if (step.giveUpAfter !== undefined) leaving.push({ submission, steps: step.giveUpAfter })
            break
          }
          case "pause":
            yield* Effect.sleep(step.milliseconds)
            break
          case "kill": {
            // One that is not ready cannot be started: that fails the pool.
            const alive = agents.filter(
              ({ events, exit }) => exit === undefined && events.includes("message"),
            )
            const victim = alive[step.index % alive.length]
            if (victim) events.kills++
            victim?.handle.end(-9)
            break
          }
          default:
            events.isEnded = true
            if (step.do === "terminate") events.isTerminated = true
            yield* Pool[step.do](pool)
        }
      })

    for (const each of steps) {
      for (const { submission } of leaving.filter((one) => one.steps-- === 0)) {
        submission.isGivenUp = true
        events.stops++
        if (submission.result) yield* AsyncResult.cancel(submission.result)
        else yield* Fiber.interruptFork(submission.fiber)
      }
      yield* perform(each)
    }
    if (end === "close" || end === "terminate") yield* perform({ do: end })
    if (end === "scope") {
      events.isTerminated = true
      events.isEnded = true
      yield* within(20)(Scope.close(scope, Exit.void))
    }
    const progress = Effect.map(Pool.statistics(pool), ({ failed, recycled, respawned, succeeded }) =>
      [agents.length, failed, recycled, respawned, succeeded].join(),
    )
    const exits = yield* Effect.forEach(submissions, ({ fiber, orders }) =>
      Effect.catchAllDefect(whileIn(progress, Fiber.await(fiber)), (defect) =>
        Effect.dieMessage(`${defect}: ${JSON.stringify(orders)}`),
      ),
    )
    const isDone = yield* Pool.statistics(pool)
    const wrong = submissions.flatMap((submission, index) => {
      const exit = exits[index] as Exit.Exit<unknown, unknown>
      const key = Exit.isSuccess(exit) ? "Success" : (tagOf(Cause.squash(exit.cause)) ?? "Interrupted")
      tally.set(key, 1 + (tally.get(key) ?? 0))
      const problem = outcomeOf(exit, submission, events, sharesMemory)
      return problem === undefined
        ? []
        : [`${submission.step.how} ${JSON.stringify(submission.orders)} ${problem}`]
    })
    expect(wrong).toEqual([])
    // A caller that was interrupted did not wait for its tasks; everything else is counted.
    expect(isDone.submitted).toBe(isDone.succeeded + isDone.failed)
    expect(isDone.queued).toBe(0)
    expect(isDone.submitted).toBeLessThanOrEqual(
      submissions.reduce((sum, { orders }) => sum + orders.length, 0),
    )
    const runs = runsIn(log)
    const doubled = submissions.flatMap(({ orders, step }) =>
      orders.filter(({ n }) => (runs.get(n) ?? 0) > 1 + step.retries),
    )
    expect(doubled).toEqual([])
    submissions.forEach(({ orders, step }, index) => {
      if (!Exit.isSuccess(exits[index] as Exit.Exit<unknown, unknown>) || step.how.startsWith("imap")) return
      for (const { n } of orders) expect(runs.get(n)).toBeGreaterThan(0)
    })
    if (!events.isEnded) {
      const last: Order = { n: orderCount, what: "ok", milliseconds: 0, log }
      expect(yield* within(20)(Pool.apply(pool, act, [last]))).toBe(orderCount)
    }
    yield* within(20)(Scope.close(scope, Exit.void))
    yield* within(20)(until(() => agents.every(({ exit }) => exit !== undefined)))
    expect(holds()).toBe(0)
    tally.set("kills", events.kills + (tally.get("kills") ?? 0))
  })

for (const startMethod of ["thread", "spawn"] as const) {
  it(`in a storm of tasks, cancellations, kills and ends, every task has exactly one outcome, which fits [${startMethod}]`, {
    timeout: 1000 * (SECONDS + 240),
  }, async () => {
    const tally = new Map<string, number>()
    const until = performance.now() + SECONDS * 1000
    let round = 0
    for (; round === 0 || performance.now() < until; round++) {
      const seed = SEED + round
      const folder = mkdtempSync(join(tmpdir(), "multifiber-settle-"))
      const log = join(folder, "log")
      writeFileSync(log, "")
      const [program] = fc.sample(storm, { seed, numRuns: 1 }) as [Storm]
      try {
        await Effect.runPromise(
          run(program, log, startMethod === "thread", tally).pipe(
            Effect.provide(Recorder.layer(layer)),
            Effect.provideService(StartMethod, startMethod),
          ),
        )
      } catch (error) {
        throw new Error(`seed ${seed}: ${error}\n${JSON.stringify(program)}`, { cause: error })
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
    const counts = [...tally].map(([key, count]) => `${count} ${key}`).join(", ")
    console.log(`settle [${startMethod}]: ${round} programs from seed ${SEED}, ${counts}`)
  })
}
