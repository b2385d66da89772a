import { report } from "../contender.ts"
import type { Peer, StartPeer } from "../peers/Peer.ts"
import { type Burst, NUMBER, rates } from "./rate.ts"

const burst =
  (peer: Peer<unknown>): Burst =>
  (count) =>
    Promise.all(Array.from({ length: count }, () => peer.run(NUMBER)))

/** The peers' form of the benchmark. */
export const everyPromise = async (start: StartPeer): Promise<void> =>
  report(await rates(burst(start("factorial")), burst(start("exactFactorial"))))
