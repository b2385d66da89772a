/** What fuzz tests have in common. */
import process from "node:process"
import { expect } from "@effect/vitest"
import { collect } from "@multifiber/testkit/garbage"

/** Megabytes that an agent may have more than after a quarter of a run: what is compiled and cached meanwhile, but nothing for each guest. */
const MOST_GROWTH = 16

/** What this agent keeps, and its OS process takes, from a first look on. */
export class Growth {
  private before = { heap: 0, rss: 0 }

  private get now() {
    collect()
    const { heapUsed, rss } = process.memoryUsage()
    return { heap: heapUsed / 2 ** 20, rss: rss / 2 ** 20 }
  }

  begin(): void {
    this.before = this.now
  }

  /** Says what has grown, and fails where this agent keeps more. */
  end(what: string): void {
    const heap = this.now.heap - this.before.heap
    const rss = this.now.rss - this.before.rss
    console.log(
      `${what}: after the first quarter heap ${heap.toFixed(1)} MB, process ${rss.toFixed(0)} MB more`,
    )
    expect(heap).toBeLessThan(MOST_GROWTH)
  }
}

/** The same numbers for the same seed. */
export const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export type Random = ReturnType<typeof randomOf>

export const oneOf = <A>(random: Random, all: ReadonlyArray<A>): A => all[random(all.length)] as A

export const garbage = (random: Random, most: number) =>
  Uint8Array.from({ length: random(most) }, () => random(256))

/** Changes, adds or takes away some bytes. */
export const mutated = (random: Random, bytes: Uint8Array): Uint8Array => {
  const result = [...bytes]
  for (let i = 1 + random(4); i > 0; i--) {
    const at = random(result.length)
    const how = random(3)
    result.splice(at, how === 0 ? 0 : 1, ...(how === 2 ? [] : [random(256)]))
  }
  return Uint8Array.from(result)
}
