import { median } from "simple-statistics"

/** How long it takes in all, in seconds; the first third is warm-up. */
const medianOf = (times: ReadonlyArray<number>): number => median(times.slice(times.length / 3))

/** Microseconds of a round trip: the median of rounds of `n`. */
export const roundTrips = (seconds: number, n: number, trip: (value: number) => number): number => {
  const times: Array<number> = []
  const begin = performance.now()
  while (times.length < 3 || performance.now() - begin < seconds * 1000) {
    const start = performance.now()
    for (let i = 0; i < n; i++) if (trip(i) !== i) throw new Error("another value came back")
    times.push(((performance.now() - start) * 1000) / n)
  }
  return medianOf(times)
}

/** The same where each takes its time. */
export const roundTripsAsync = async (
  seconds: number,
  n: number,
  trip: (value: number) => Promise<number>,
): Promise<number> => {
  const times: Array<number> = []
  const begin = performance.now()
  while (times.length < 3 || performance.now() - begin < seconds * 1000) {
    const start = performance.now()
    for (let i = 0; i < n; i++) if ((await trip(i)) !== i) throw new Error("another value came back")
    times.push(((performance.now() - start) * 1000) / n)
  }
  return medianOf(times)
}
