import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Pool, type Task } from "multifiber"
import { median } from "simple-statistics"
import { numbersUpTo, report, settings } from "../contender.ts"
import { type Item, increment, incrementFloat, incrementItem } from "./tasks.ts"

/** Items a second of one `map` over all of them, with the default chunks. */
const rate = <A>(
  pool: Pool.Pool,
  task: Task.Task<[A], A>,
  items: Iterable<A>,
  numberOf: (result: A) => number,
) => {
  const timed = Effect.gen(function* () {
    const begin = performance.now()
    const results = yield* Pool.map(pool, task, items)
    const seconds = (performance.now() - begin) / 1000
    results.forEach((result, i) => {
      if (numberOf(result) !== i + 1) throw new Error(`result ${i} is ${numberOf(result)}`)
    })
    if (results.length !== settings.n) throw new Error(`there are ${results.length} results`)
    return settings.n / seconds
  })
  const repeat = (seconds: number) =>
    Effect.gen(function* () {
      const rates: Array<number> = []
      const end = performance.now() + seconds * 1000
      do rates.push(yield* timed)
      while (performance.now() < end)
      return rates
    })
  return Effect.zipRight(repeat(settings.warmUpSeconds), Effect.map(repeat(settings.seconds), median))
}

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    const numbers = numbersUpTo(settings.n)
    const items = numbers.map((id): Item => ({ id, name: "a small object" }))
    report({
      "typed array": yield* rate(pool, incrementFloat, Float64Array.from(numbers), (n) => n),
      numbers: yield* rate(pool, increment, numbers, (n) => n),
      objects: yield* rate(pool, incrementItem, items, ({ id }) => id),
    })
  }),
)
