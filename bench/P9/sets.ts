import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Context, DictProxy, Manager } from "multifiber"
import { median } from "simple-statistics"
import { report, settings } from "../contender.ts"

type Numbers = DictProxy.DictProxy<number, number>

/** One caller sets, and waits for each answer. */
const setEach = (numbers: Numbers, n: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < n; i++) yield* DictProxy.set(numbers, i % 100, i)
  })

const CALLERS = 64

const setByMany = (numbers: Numbers, n: number) =>
  Effect.all(
    Array.from({ length: CALLERS }, () => setEach(numbers, n / CALLERS)),
    { concurrency: "unbounded", discard: true },
  )

/** Sets a second: the median of as many rounds as fit into the time. */
const rate = (set: typeof setEach | typeof setByMany, n: number) =>
  Effect.gen(function* () {
    const manager = yield* Manager.make()
    const numbers = yield* Manager.dict<number, number>(manager)
    const rates: Array<number> = []
    const begin = performance.now()
    while (
      rates.length < 3 ||
      performance.now() - begin < (settings.warmUpSeconds + settings.seconds) * 1000
    ) {
      const start = performance.now()
      yield* set(numbers, n)
      rates.push(n / ((performance.now() - start) / 1000))
    }
    const size = yield* DictProxy.size(numbers)
    if (size !== 100) return yield* Effect.dieMessage(`${size} keys`)
    return median(rates.slice(rates.length / 3))
  }).pipe(Effect.scoped)

Main.run(
  import.meta,
  Effect.gen(function* () {
    const { provide } = yield* Context.getContext("spawn")
    report({
      thread: yield* rate(setEach, settings.n),
      process: yield* provide(rate(setEach, settings.n)),
      fibers: yield* rate(setByMany, (settings.n * CALLERS) / 4),
    })
  }),
)
