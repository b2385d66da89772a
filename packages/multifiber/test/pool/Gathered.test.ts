import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Job } from "../../src/agent/Job.ts"
import { chunksOf, defaultChunkSize, Gathered, sliceable } from "../../src/pool/Gathered.ts"
import { jobOf } from "../jobs.ts"

const chunk = fc.record({ values: fc.array(fc.anything(), { maxLength: 3 }), fails: fc.boolean() })
const inSomeOrder = fc
  .array(chunk, { maxLength: 10 })
  .chain((chunks) =>
    fc.tuple(fc.constant(chunks), fc.shuffledSubarray([...chunks.keys()], { minLength: chunks.length })),
  )

describe("Gathered", () => {
  it("settles with the last chunk: the values in order, or the failure that came first", () => {
    fc.assert(
      fc.property(inSomeOrder, ([chunks, order]) => {
        const jobs = chunks.map((_, id) => jobOf(id))
        const gathered = new Gathered(jobs, false)
        for (const id of order) {
          expect(gathered.status).toBe("waiting")
          if (chunks[id]?.fails) jobs[id]?.fail(id)
          else jobs[id]?.succeed(chunks[id]?.values)
        }
        const firstFailed = order.find((id) => chunks[id]?.fails)
        expect(gathered.status).toBe(firstFailed === undefined ? "succeeded" : "failed")
        expect(gathered.outcome).toEqual(firstFailed ?? chunks.flatMap(({ values }) => values))
      }),
    )
  })

  it("that fails fast settles with the first failure, and gives the others up", () => {
    fc.assert(
      fc.property(inSomeOrder, ([chunks, order]) => {
        const abandoned: Array<Job> = []
        const owner = { settled: () => {}, cancel: (job: Job) => abandoned.push(job) }
        const jobs = chunks.map((_, id) => jobOf(id, undefined, owner))
        const gathered = new Gathered(jobs, true)
        for (const job of jobs) expect(gathered.next()).toBe(job)
        for (const id of order) {
          if (gathered.status !== "waiting") break
          if (chunks[id]?.fails) jobs[id]?.fail(id)
          else jobs[id]?.succeed(chunks[id]?.values)
        }
        const firstFailed = order.find((id) => chunks[id]?.fails)
        expect(gathered.outcome).toEqual(firstFailed ?? chunks.flatMap(({ values }) => values))
        const isLast = order.at(-1) === firstFailed
        expect(abandoned).toEqual(firstFailed === undefined || isLast ? [] : jobs.toReversed())
      }),
    )
  })

  it.each([
    [0, 3, 1],
    [1, 3, 1],
    [12, 3, 1],
    [13, 3, 2],
    [25, 3, 3],
    [100, 3, 9],
    [1000, 3, 84],
  ])("defaultChunkSize of %i items for %i workers is Python's %i", (items, workers, size) => {
    expect(defaultChunkSize(items, workers)).toBe(size)
  })

  it("chunksOf cuts into chunks of the size, the last one shorter, and keeps every item", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 100 }), (items, size) => {
        const chunks = chunksOf(sliceable(items), size).map((each) => Array.from(each))
        expect(chunks.flat()).toEqual(items)
        expect(chunks.slice(0, -1).every((each) => each.length === size)).toBe(true)
        expect(chunks.every((each) => each.length > 0)).toBe(true)
      }),
    )
  })

  it("chunksOf cuts a typed array into typed arrays", () => {
    expect(chunksOf(sliceable(Float32Array.of(1, 2, 3)), 2)).toEqual([
      Float32Array.of(1, 2),
      Float32Array.of(3),
    ])
  })
})
