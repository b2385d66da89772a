/** A loop over a range in parallel. */
import * as Effect from "effect/Effect"
import type { CallSite } from "../agent/Call.ts"
import type { InvalidArgument } from "../Errors.ts"
import type { Pool, Range } from "../Pool.ts"
import { codecOf, type Task } from "../Task.ts"
import { EACH_LIST, RANGE, type SharedRange } from "../wire/Protocol.ts"
import { count } from "./options.ts"
import { engineOf, mapAndWait, type Submitted } from "./submitting.ts"

/** As many as the counter of a range can count, with room for those who come too late. */
const MOST_SLICES = 2 ** 30

const OPTIONS = { chunkSize: 1, failFast: true }

/** The results of its slices, in their order. */
export const loop = (
  self: Pool,
  task: Task.Any,
  { from = 0, grain: asked, to }: Range,
  args: ReadonlyArray<unknown>,
  site: CallSite,
): Effect.Effect<Array<any>, Submitted<any> | InvalidArgument> =>
  Effect.gen(function* () {
    yield* count("from", from, Number.MIN_SAFE_INTEGER)
    yield* count("to", to, from)
    const length = to - from
    const grain = yield* count(
      "grain",
      asked ?? Math.max(1, Math.ceil(length / (16 * self.size))),
      Math.max(1, Math.ceil(length / MOST_SLICES)),
    )
    const slices = Math.ceil(length / grain)
    if (engineOf(self).submitter.sharesMemory && !codecOf(task)) {
      const cursor = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
      const range: SharedRange = { cursor, from, to, grain, slices, args }
      const loops = Array.from({ length: Math.min(self.size, slices) }, () => range)
      const pairs: Array<readonly [slice: number, result: unknown]> = yield* mapAndWait(
        self,
        RANGE,
        task,
        loops,
        OPTIONS,
        site,
      )
      const results = new Array<unknown>(slices)
      for (const [slice, result] of pairs) results[slice] = result
      return results
    }
    const lists = Array.from({ length: slices }, (_, slice) => {
      const begin = from + slice * grain
      return [begin, Math.min(begin + grain, to), ...args]
    })
    return yield* mapAndWait(self, EACH_LIST, task, lists, OPTIONS, site)
  })
