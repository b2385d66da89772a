import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Pool } from "multifiber"
import { median } from "simple-statistics"
import { burst } from "../burst.ts"
import { collectGarbage } from "../collectGarbage.ts"
import { numbersUpTo, report, settings, timeOf, warmUp } from "../contender.ts"
import { doublings } from "./scenario.ts"

const sizes = new Set(doublings.flatMap(({ short, long }) => [short, long]))

/** The median time of each size. Each round takes every size, so that drift meets all, and starts it with a clean heap. */
const medianTimes = async (pool: Pool.Pool): Promise<Map<number, number>> => {
  const bursts = Array.from(sizes, (n) => ({ n, items: numbersUpTo(n), times: [] as Array<number> }))
  const end = performance.now() + settings.seconds * 1000
  do {
    for (const { items, times } of bursts) {
      collectGarbage()
      times.push(await timeOf(burst(pool), items))
    }
  } while (performance.now() < end)
  return new Map(bursts.map(({ n, times }) => [n, median(times)]))
}

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    yield* Effect.promise(() => warmUp(burst(pool), settings.n))
    const times = yield* Effect.promise(() => medianTimes(pool))
    report(
      Object.fromEntries(
        doublings.map(({ short, long, name }) => [name, (times.get(long) ?? 0) / (times.get(short) ?? 0)]),
      ),
    )
  }),
)
