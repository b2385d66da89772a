import { Effect } from "effect"
import { rateOf, report } from "../contender.ts"
import type { Peer } from "../peers/Peer.ts"

/** Measures `apply` as a program with many fibers calls it. */
export const drive = async <E>(apply: (n: number) => Effect.Effect<number, E>): Promise<void> =>
  report({
    forEach: await rateOf((items) => Effect.runPromise(Effect.forEach(items, apply, { concurrency: 1024 }))),
  })

export const drivePeer = (peer: Peer<number>): Promise<void> =>
  drive((n) => Effect.promise(() => peer.run(n)))
