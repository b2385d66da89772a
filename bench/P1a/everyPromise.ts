import { rateOf, report } from "../contender.ts"
import type { Peer } from "../peers/Peer.ts"

/** The peers' form of the benchmark. */
export const everyPromise = async (peer: Peer<number>): Promise<void> =>
  report({ applyAsync: await rateOf((items) => Promise.all(items.map((n) => peer.run(n)))) })
