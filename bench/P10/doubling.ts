import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Pool } from "multifiber"
import { median } from "simple-statistics"
import { burst } from "../burst.ts"
import { collectGarbage } from "../collectGarbage.ts"
import { numbersUpTo, report, settings, timeOf, warmUp } from "../contender.ts"
import { doublings } from "./scenario.ts"

const sizes = new Set(doublings.flatMap(({ short, long }) => [short, long]))

/** Tasks of each size in a round: several bursts of the longest, so that no size leaves its garbage to the next one. */
const TASKS = 4 * Math.max(...sizes)

/**
 * The time of a burst of each size, as the median of its means over rounds. Each round takes every size, so that drift
 * meets all, and runs as many tasks of each: after a first burst that is not timed, which lets the heap grow to what the
 * size needs, the collector's work for all bursts but the last falls into the timed ones.
 */
const meanTimes = async (pool: Pool.Pool): Promise<Map<number, number>> => {
  const bursts = Array.from(sizes, (n) => ({ n, items: numbersUpTo(n), times: [] as Array<number> }))
  const end = performance.now() + settings.seconds * 1000
  do {
    for (const { items, n, times } of bursts) {
      collectGarbage()
      await timeOf(burst(pool), items)
      const start = performance.now()
      for (let done = 0; done < TASKS; done += n) await timeOf(burst(pool), items)
      times.push(((performance.now() - start) * n) / TASKS)
    }
  } while (performance.now() < end)
  return new Map(bursts.map(({ n, times }) => [n, median(times)]))
}

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    yield* Effect.promise(() => warmUp(burst(pool), settings.n))
    const times = yield* Effect.promise(() => meanTimes(pool))
    report(
      Object.fromEntries(
        doublings.map(({ short, long, name }) => [name, (times.get(long) ?? 0) / (times.get(short) ?? 0)]),
      ),
    )
  }),
)
