import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Job } from "../../src/agent/Job.ts"
import { JobQueue } from "../../src/pool/JobQueue.ts"
import { idOf, jobOf } from "../jobs.ts"

/** The naive queue: an array of the jobs' numbers. */
class Model {
  readonly jobs: Array<Job> = []
  readonly cancelled = new Set<Job>()
  queued: Array<Job> = []
  taken: Array<Job> = []
}

const push = (count: number): fc.Command<Model, JobQueue> => ({
  check: () => true,
  run: (model, real) => {
    for (let i = 0; i < count; i++) {
      const job = jobOf(model.jobs.length)
      model.jobs.push(job)
      model.queued.push(job)
      real.push(job)
    }
  },
  toString: () => `push ${count}`,
})

const cancel = (which: number): fc.Command<Model, JobQueue> => ({
  check: ({ queued }) => queued.length > 0,
  run: ({ cancelled, queued }) => {
    const job = queued[which % queued.length] as Job
    job.fail("cancelled")
    cancelled.add(job)
  },
  toString: () => `cancel ${which}`,
})

const take = (count: number): fc.Command<Model, JobQueue> => ({
  check: () => true,
  run: (model, real) => {
    const expected = model.queued.filter((job) => !model.cancelled.has(job)).slice(0, count)
    const last = expected[count - 1]
    model.queued =
      last === undefined && count > 0 ? [] : model.queued.slice(last ? model.queued.indexOf(last) + 1 : 0)
    model.taken = real.take(count, true)
    expect(model.taken.map(idOf)).toEqual(expected.map(idOf))
  },
  toString: () => `take ${count}`,
})

/** Some of the jobs taken last come back, as those of a dead worker do. */
const unshift = (from: number): fc.Command<Model, JobQueue> => ({
  check: ({ taken }) => taken.length > 0,
  run: (model, real) => {
    const back = model.taken.slice(from % model.taken.length)
    model.taken = []
    model.queued.unshift(...back)
    real.unshift(back)
  },
  toString: () => `unshift from ${from}`,
})

const counted = (command: fc.Command<Model, JobQueue>): fc.Command<Model, JobQueue> => ({
  check: (model) => command.check(model),
  run: (model, real) => {
    command.run(model, real)
    expect(real.size).toBe(model.queued.length)
  },
  toString: () => String(command),
})

describe("JobQueue", () => {
  it("agrees with an array: first in, first out, cancelled jobs left out, returned ones first", () => {
    const commands = fc.commands(
      [
        // More than a chunk at times.
        fc.oneof(fc.nat(3), fc.constant(700)).map(push).map(counted),
        fc.nat(20).map(cancel).map(counted),
        fc.oneof(fc.nat(5), fc.constant(900)).map(take).map(counted),
        fc.nat(900).map(unshift).map(counted),
      ],
      { maxCommands: 100, size: "max" },
    )
    fc.assert(
      fc.property(commands, (run) => {
        fc.modelRun(() => ({ model: new Model(), real: new JobQueue() }), run)
      }),
    )
  })

  it("takes a job out of a long row of cancelled ones, and lets go of them", () => {
    const queue = new JobQueue()
    const jobs = Array.from({ length: 10_000 }, (_, id) => jobOf(id))
    for (const job of jobs) queue.push(job)
    for (const job of jobs.slice(0, -1)) job.fail("cancelled")
    expect(queue.take(1, true).map(idOf)).toEqual([9_999])
    expect(queue.size).toBe(0)
  })

  it("takes the highest priority first, in order among equals, and what is timed alone", () => {
    const terms = fc.record({ priority: fc.integer({ min: -1, max: 1 }), isTimed: fc.boolean() })
    fc.assert(
      fc.property(fc.array(terms), fc.array(fc.tuple(fc.nat(5), fc.boolean())), (all, takes) => {
        const queue = new JobQueue()
        const jobs = all.map(({ isTimed, priority }, id) =>
          jobOf(id, { priority, ...(isTimed ? { timeout: 1 } : {}) }),
        )
        for (const job of jobs) queue.push(job)
        const row = [...jobs].sort((left, right) => right.call.terms.priority - left.call.terms.priority)
        const isTimed = (job: Job | undefined) => job?.call.terms.timeout !== undefined
        for (const [count, isIdle] of takes) {
          const timed = row.findIndex(isTimed)
          const alone = isTimed(row[0]) && isIdle ? 1 : timed
          const expected = row.splice(0, Math.min(count, alone === -1 ? count : alone))
          expect(queue.take(count, isIdle).map(idOf)).toEqual(expected.map(idOf))
        }
        expect(queue.drain().map(idOf)).toEqual(row.map(idOf))
      }),
    )
  })
})
