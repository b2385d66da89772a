import { readdirSync, readFileSync } from "node:fs"
import process from "node:process"
import { Effect } from "effect"
import { Context, Process } from "multifiber"
import { collectGarbage } from "../collectGarbage.ts"
import { report, settings } from "../contender.ts"
import { increment } from "../tasks.ts"

/** What finalizers let go after one collection is garbage of the next. */
const COLLECTIONS = 5

/** Counts what this OS process has, after a while in which the runtime may tidy up. */
const inventory = Effect.gen(function* () {
  yield* Effect.sleep(1000)
  for (let i = 0; i < COLLECTIONS; i++) {
    collectGarbage()
    yield* Effect.sleep(50)
  }
  const { heapUsed, rss } = process.memoryUsage()
  const children = readdirSync("/proc/self/task").map((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, "utf8").split(" ").filter(Boolean),
  )
  return {
    heap: heapUsed,
    rss,
    descriptors: readdirSync("/proc/self/fd").length,
    processes: children.length + children.flat().length,
  }
})

type Method = "thread" | "spawn"

/** Starts a process and joins it. */
const run = (method: Method, n: number) =>
  Context.getContext(method).pipe(
    Effect.flatMap((context) => context.Process.make(increment, [n])),
    Effect.tap(Process.start),
    Effect.tap(Process.join),
    Effect.flatMap(Process.result),
    Effect.flatten,
    Effect.filterOrDieMessage((result) => result === n + 1, "Wrong answer"),
    Effect.scoped,
  )

const times = (method: Method, n: number) =>
  Effect.forEach(Array.from({ length: n }).keys(), (i) => run(method, i))

/**
 * What `settings.n` starts in a row leave behind, after as many as fill the runtime's own stores: by threads on Deno, each of the first
 * 250 leaves 5.8 KB of heap, of the next 500 0.8 KB, and of those after them nothing that can be measured.
 */
export const leftBy = (method: Method) =>
  Effect.gen(function* () {
    yield* times(method, (settings.n * 3) / 4)
    const before = yield* inventory
    yield* times(method, settings.n)
    const after = yield* inventory
    const ended = yield* Effect.forEach(
      Array.from({ length: settings.workers }).keys(),
      (i) => Effect.exit(run(method, i)),
      { concurrency: "unbounded" },
    )
    const growth = (key: keyof typeof before) => after[key] - before[key]
    report({
      [`${method}: heap`]: growth("heap") / settings.n,
      [`${method}: resident memory`]: growth("rss") / settings.n / 1024,
      [`${method}: descriptors`]: growth("descriptors"),
      [`${method}: processes`]: growth("processes"),
      [`${method}: lost of 100 at once`]: ended.filter(({ _tag }) => _tag === "Failure").length,
    })
  })
