import { Effect } from "effect"
import { median } from "simple-statistics"
import { numbersUpTo, report, settings } from "../contender.ts"

type Guard = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const OPERATIONS = 20_000

/** Seconds of an effect: the median of as many as fit into the time after a warm-up. */
const secondsOf = async (effect: Effect.Effect<unknown>): Promise<number> => {
  const times: Array<number> = []
  const begin = performance.now()
  const elapsed = () => (performance.now() - begin) / 1000
  do {
    const start = performance.now()
    await Effect.runPromise(effect)
    if (elapsed() > settings.warmUpSeconds) times.push((performance.now() - start) / 1000)
  } while (elapsed() < settings.warmUpSeconds + settings.seconds || times.length === 0)
  return median(times)
}

/** Reports what a guard costs that lets one fiber in at a time. */
export const reportGuard = async (guard: Guard): Promise<void> => {
  const alone = await secondsOf(Effect.repeatN(guard(Effect.void), OPERATIONS - 1))
  let inside = 0
  const visit = Effect.suspend(() => {
    if (inside++ > 0) throw new Error("two are inside")
    return Effect.map(Effect.yieldNow(), () => inside--)
  })
  const waiting = await secondsOf(
    Effect.forEach(numbersUpTo(settings.n), () => guard(visit), { concurrency: "unbounded", discard: true }),
  )
  report({
    withLock: (alone / OPERATIONS) * 1e9,
    "1,000 waiting fibers": (waiting / settings.n) * 1e6,
  })
}
