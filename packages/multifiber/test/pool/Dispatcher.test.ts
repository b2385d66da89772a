import { setImmediate, setTimeout } from "node:timers/promises"
import { describe, expect, it } from "@effect/vitest"
import * as FakePlatform from "@multifiber/testkit/fakePlatform"
import type * as Task from "multifiber/Task"
import { CAPACITY } from "../../src/agent/AgentLink.ts"
import { callOf, ORDINARY } from "../../src/agent/Call.ts"
import { Job } from "../../src/agent/Job.ts"
import type { AgentListener, StartAgent } from "../../src/Platform.ts"
import { Dispatcher, type DispatcherOptions } from "../../src/pool/Dispatcher.ts"
import { Op, type ToAgent, VERSION } from "../../src/wire/Protocol.ts"
import { idOf } from "../jobs.ts"

const BOUND = { timeout: 20_000 }

/** What became of a job: its value, or its error. */
const outcome = (job: Job): Promise<unknown> =>
  new Promise((resolve) => job.observe(() => resolve(job.outcome)))

const outcomes = (jobs: ReadonlyArray<Job>): Promise<ReadonlyArray<unknown>> => Promise.all(jobs.map(outcome))

const untilTrue = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await setImmediate()
}

/** Tasks that a test steers: `log` has the numbers of the jobs in the order in which they began. */
const steered = () => {
  const log: Array<number> = []
  const gates = new Map<number, () => void>()
  const { echo, gated } = FakePlatform.tasks({
    echo: (n: number) => {
      log.push(n)
      return n
    },
    /** Runs until `open` is called. */
    gated: (n: number) => {
      log.push(n)
      return new Promise<number>((resolve) => gates.set(n, () => resolve(n)))
    },
  })
  return { log, echo, gated, open: (n: number) => gates.get(n)?.() }
}

/** Waits for so many turns of the event loop: longer than anything takes that is under way. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

const settings = (size: number): DispatcherOptions => ({
  size,
  minSize: size,
  idleTimeout: 1000,
  startMethod: "thread",
  logs: undefined,
  initializer: undefined,
  limits: {
    tasks: Number.POSITIVE_INFINITY,
    age: Number.POSITIVE_INFINITY,
    heap: Number.POSITIVE_INFINITY,
    rss: Number.POSITIVE_INFINITY,
  },
  recorder: undefined,
  grace: 1000,
  capacity: Number.POSITIVE_INFINITY,
})

const start = async (
  size: number,
  options: FakePlatform.Options = {},
  more: Partial<DispatcherOptions> = {},
) => {
  const fake = FakePlatform.make(options)
  const dispatcher = new Dispatcher(fake.service, { ...settings(size), ...more })
  await untilTrue(() => dispatcher.crew.isReady)
  const submit = (task: Task.Task.Any, numbers: ReadonlyArray<number>): Array<Job> =>
    numbers.map((n) => {
      const job = Job.one(dispatcher.call(task, 1), [n])
      dispatcher.submit(job)
      return job
    })
  return { fake, dispatcher, submit }
}

const range = (from: number, to: number): Array<number> =>
  Array.from({ length: to - from }, (_, i) => from + i)

const calls = (message: ToAgent): number =>
  message.op === Op.Run ? message.segments.reduce((sum, segment) => sum + segment.calls, 0) : 0

describe("Dispatcher", () => {
  it("jobs of one worker begin in the order of submission, and each gets its own result", BOUND, async () => {
    const { echo, log } = steered()
    const { submit } = await start(1)
    const jobs = submit(echo, range(0, 1000))
    expect(await outcomes(jobs)).toEqual(range(0, 1000))
    expect(log).toEqual(range(0, 1000))
  })

  it("the initializer of a worker that dies before it begins it is for no other", BOUND, async () => {
    const puppets: Array<{ readonly listener: AgentListener; readonly got: Array<ToAgent> }> = []
    const startThread: StartAgent = (_name, listener, { first } = {}) => {
      const got = [first?.(true) as ToAgent]
      puppets.push({ listener, got })
      return {
        id: 1,
        pid: 1,
        sharesMemory: true,
        line: { post: () => {}, look: () => {} },
        post: (message) => got.push(message as ToAgent),
        end: () => {},
      }
    }
    const { echo } = FakePlatform.tasks({ echo: (n: number) => n })
    const initializer = () => Job.one(callOf(echo, 1, { ...ORDINARY, isInitial: true }), [7])
    const platform = { ...FakePlatform.make().service, startThread }
    const dispatcher = new Dispatcher(platform, { ...settings(1), initializer })
    const ready = (puppet: number) => puppets[puppet]?.listener.onMessage({ op: Op.Ready, version: VERSION })
    ready(0)
    dispatcher.submit(Job.one(dispatcher.call(echo, 1), [1]))
    await turns(5)
    puppets[0]?.listener.onExit({ code: 1, error: undefined })
    await untilTrue(() => puppets.length === 2)
    ready(1)
    await turns(5)
    const [boot, ...others] = puppets[1]?.got ?? []
    expect(boot?.op === Op.Boot && boot.run && calls(boot.run)).toBe(1)
    expect(others.map(calls)).toEqual([1])
  })

  it("what is submitted in one turn travels in one message", BOUND, async () => {
    const { echo } = steered()
    const { fake, submit } = await start(1)
    await outcomes(submit(echo, range(0, 8)))
    const received = fake.agents.flatMap((agent) => agent.received as ReadonlyArray<ToAgent>)
    expect(received.filter(({ op }) => op === Op.Run).map(calls)).toEqual([8])
  })

  it(
    "a worker gets new jobs when half of its window is free, and never more than its window",
    BOUND,
    async () => {
      const { echo, gated, log, open } = steered()
      const { dispatcher, fake, submit } = await start(2)
      let posts = 0
      for (const { link, window } of [...dispatcher.crew.workers]) {
        const send = link.send.bind(link)
        expect(window.size).toBeGreaterThan(1)
        link.send = (jobs) => {
          const { size } = dispatcher.crew.workers.find((worker) => worker.link === link)?.window ?? window
          expect(link.outstanding).toBeLessThanOrEqual(size / 2)
          expect(link.outstanding + jobs.length).toBeLessThanOrEqual(size)
          posts++
          send(jobs)
        }
      }
      const jobs = range(0, 50).flatMap((turn) => [
        ...submit(gated, [10_000 + turn]),
        ...submit(echo, range(100 * turn, 100 * turn + 99)),
      ])
      while (jobs.some(({ status }) => status === "waiting")) {
        log.forEach(open)
        await setImmediate()
      }
      expect(posts).toBeGreaterThan(10)
      expect(fake.holds()).toBe(0)
    },
  )

  it("an idle worker takes over the jobs that wait behind a long one", BOUND, async () => {
    const { echo, gated, open } = steered()
    const { dispatcher, submit } = await start(2)
    const [long] = submit(gated, [-1])
    const short = submit(echo, range(0, 7))
    expect(await outcomes(short)).toEqual(range(0, 7))
    expect(long?.status).toBe("waiting")
    expect(dispatcher.crew.workers.map(({ link }) => link.live).sort()).toEqual([0, 1])
    open(-1)
    expect(await outcomes([long as Job])).toEqual([-1])
  })

  it("a cancelled job that waits in the queue or at a worker never runs, the others do", BOUND, async () => {
    const { echo, gated, log, open } = steered()
    const { dispatcher, submit } = await start(1)
    const [long] = submit(gated, [-1])
    await untilTrue(() => log.length === 1)
    const jobs = submit(echo, range(0, 100))
    await untilTrue(() => dispatcher.crew.workers.some(({ link }) => link.live > 1))
    const cancelled = [0, 3, 50, 99]
    for (const n of cancelled) dispatcher.cancel(jobs[n] as Job)
    for (const n of cancelled) expect(jobs[n]?.outcome).toMatchObject({ _tag: "TaskInterrupted" })
    open(-1)
    await outcomes([long as Job, ...jobs])
    expect(log).toEqual([-1, ...range(0, 100).filter((n) => !cancelled.includes(n))])
  })

  it(
    "a cancelled job that runs is settled at once, its result dropped, and the worker goes on",
    BOUND,
    async () => {
      const { echo, gated, log, open } = steered()
      const { dispatcher, fake, submit } = await start(1)
      const [long] = submit(gated, [-1]) as [Job]
      await untilTrue(() => log.length === 1)
      dispatcher.cancel(long)
      expect(long.outcome).toMatchObject({ _tag: "TaskInterrupted" })
      const next = submit(echo, [1])
      open(-1)
      expect(await outcomes(next)).toEqual([1])
      expect(long.outcome).toMatchObject({ _tag: "TaskInterrupted" })
      expect(fake.holds()).toBe(0)
    },
  )

  it("cancel of a settled job leaves the job alone that has its place since", BOUND, async () => {
    const { echo, gated, log, open } = steered()
    const { dispatcher, submit } = await start(1)
    const [old] = submit(echo, [-2]) as [Job]
    await outcome(old)
    await outcomes(submit(echo, range(0, CAPACITY - 2)))
    submit(gated, [-1])
    await untilTrue(() => log.includes(-1))
    const [heir] = submit(echo, [7]) as [Job]
    await untilTrue(() => heir.link !== undefined)
    expect(heir.sequence).toBe(old.sequence + CAPACITY)
    dispatcher.cancel(old)
    open(-1)
    await turns(50)
    expect(heir).toMatchObject({ status: "succeeded", outcome: 7 })
  })

  it("levelling gives a worker no more than its ring holds, revoked places included", BOUND, async () => {
    const { echo, gated, log, open } = steered()
    const { dispatcher, fake, submit } = await start(2)
    for (const worker of dispatcher.crew.workers) worker.window = { size: CAPACITY, least: 2, taskTime: 1e-6 }
    for (const agent of fake.agents) agent.pause()
    const all = [
      ...submit(echo, range(0, CAPACITY + 3)),
      ...submit(gated, [-1]),
      ...submit(echo, range(CAPACITY + 3, 2 * CAPACITY - 1)),
    ]
    await untilTrue(() => all.every(({ link }) => link !== undefined))
    const [idle, full] = dispatcher.crew.workers.map(({ link }) =>
      all.filter((job) => job.link === link),
    ) as [Array<Job>, Array<Job>]
    expect([idle.length, full.length]).toEqual([CAPACITY, CAPACITY])
    const expected = full.map(idOf)
    for (const job of idle) dispatcher.cancel(job)
    fake.agents[1]?.resume()
    await untilTrue(() => log.includes(-1))
    // Jobs move after a millisecond of real time.
    await setTimeout(50)
    for (const { link } of dispatcher.crew.workers) expect(link.outstanding).toBeLessThanOrEqual(CAPACITY)
    fake.agents[0]?.resume()
    open(-1)
    expect(await outcomes(full)).toEqual(expected)
  })

  it(
    "a lost worker loses exactly the job that ran; those not begun run elsewhere, before younger ones",
    BOUND,
    async () => {
      const { echo, gated, log } = steered()
      const { dispatcher, fake, submit } = await start(1)
      const [running] = submit(gated, [-1]) as [Job]
      await untilTrue(() => log.length === 1)
      const jobs = submit(echo, range(0, 40))
      await untilTrue(() => dispatcher.crew.workers.some(({ link }) => link.live > 1))
      const error = new Error("the roof fell")
      fake.agents[0]?.die({ code: 3, error })
      expect(await outcome(running)).toMatchObject({
        _tag: "WorkerLost",
        exitCode: 3,
        worker: fake.agents[0]?.name,
        cause: error,
      })
      expect(await outcomes(jobs)).toEqual(range(0, 40))
      expect(log).toEqual([-1, ...range(0, 40)])
      expect(fake.agents.length).toBe(2)
      expect(dispatcher.crew.isReady).toBe(true)
      expect(fake.holds()).toBe(0)
    },
  )

  it("what a dying worker had reported counts: only the job without a report is lost", BOUND, async () => {
    const { echo, gated, log } = steered()
    const { fake, submit } = await start(1)
    const done = submit(echo, range(0, 3))
    const [running] = submit(gated, [-1]) as [Job]
    await untilTrue(() => log.length === 4)
    fake.agents[0]?.die()
    expect(await outcomes(done)).toEqual(range(0, 3))
    expect(await outcome(running)).toMatchObject({ _tag: "WorkerLost", exitCode: 1 })
  })

  it("a job that a dead worker had not begun and that was cancelled stays cancelled", BOUND, async () => {
    const { echo, gated, log } = steered()
    const { dispatcher, fake, submit } = await start(1)
    submit(gated, [-1])
    await untilTrue(() => log.length === 1)
    const [cancelled, kept] = submit(echo, [1, 2]) as [Job, Job]
    await untilTrue(() => kept.link !== undefined)
    dispatcher.cancel(cancelled)
    fake.agents[0]?.die()
    expect(await outcome(kept)).toBe(2)
    expect(log).toEqual([-1, 2])
  })

  it.each([1, 2, 4, 5])("a failing start of worker %i ends the others", BOUND, async (failingStart) => {
    const fake = FakePlatform.make({ failingStart })
    const { state } = new Dispatcher(fake.service, settings(5))
    expect(state).toMatchObject({
      _tag: "failed",
      error: { _tag: "StartFailed", cause: new Error("no thread left") },
    })
    await untilTrue(() => fake.agents.every(({ ended }) => ended))
    expect(fake.agents.map(({ asked }) => asked)).toEqual(range(1, failingStart).map(() => -15))
    expect(fake.holds()).toBe(0)
  })

  it("a replacement that cannot be started fails the pool and every pending job", BOUND, async () => {
    const { echo, gated, log } = steered()
    const { dispatcher, fake, submit } = await start(2, { failingStart: 3 })
    const running = submit(gated, [-1, -2])
    await untilTrue(() => log.includes(-1) && log.includes(-2))
    const jobs = [...running, ...submit(echo, range(0, 20))]
    fake.agents[0]?.die()
    const ends = (await outcomes(jobs)) as ReadonlyArray<{ readonly _tag: string }>
    expect(ends.filter(({ _tag }) => _tag === "WorkerLost").length).toBe(1)
    expect(ends.filter(({ _tag }) => _tag === "StartFailed").length).toBe(jobs.length - 1)
    await untilTrue(() => dispatcher.crew.isGone)
    expect(dispatcher.state).toMatchObject({ _tag: "failed", error: { _tag: "StartFailed" } })
    expect(fake.holds()).toBe(0)
  })

  it(
    "a worker that dies before it is ready fails the pool instead of being replaced again and again",
    BOUND,
    async () => {
      const fake = FakePlatform.make({ stillborn: 1 })
      const dispatcher = new Dispatcher(fake.service, settings(2))
      await untilTrue(() => dispatcher.crew.isGone)
      expect(dispatcher.state).toMatchObject({ _tag: "failed", error: { _tag: "StartFailed" } })
      expect(fake.agents.length).toBe(2)
    },
  )

  it("so does a replacement that dies before it is ready, with every pending job", BOUND, async () => {
    const { gated, log } = steered()
    const { dispatcher, fake, submit } = await start(1, { stillborn: 2 })
    const jobs = submit(gated, [-1, -2])
    await untilTrue(() => log.length === 1)
    fake.agents[0]?.die()
    expect(await outcomes(jobs)).toMatchObject([{ _tag: "WorkerLost" }, { _tag: "StartFailed" }])
    await untilTrue(() => dispatcher.crew.isGone)
    expect(fake.agents.length).toBe(2)
    expect(fake.holds()).toBe(0)
  })

  describe.each([{ exitsInsideEnd: false }, { exitsInsideEnd: true }])(
    "exitsInsideEnd: $exitsInsideEnd",
    (options) => {
      it("close runs what was submitted, then ends every worker", BOUND, async () => {
        const { echo } = steered()
        const { dispatcher, fake, submit } = await start(3, options)
        const jobs = submit(echo, range(0, 100))
        dispatcher.close()
        expect(await outcomes(jobs)).toEqual(range(0, 100))
        await untilTrue(() => dispatcher.crew.isGone)
        expect(fake.agents.every(({ ended }) => ended)).toBe(true)
        expect(fake.agents.length).toBe(3)
        expect(fake.holds()).toBe(0)
      })

      it(
        "terminate settles every job at once, then ends every worker and starts no other",
        BOUND,
        async () => {
          const { echo, gated, log } = steered()
          const { dispatcher, fake, submit } = await start(3, options)
          const jobs = [...submit(gated, [-1]), ...submit(echo, range(0, 100))]
          await untilTrue(() => log.includes(-1))
          dispatcher.terminate()
          const waiting = jobs.filter(({ status }) => status === "waiting")
          expect(waiting).toEqual([])
          expect(jobs[0]?.outcome).toMatchObject({ _tag: "PoolTerminated" })
          await untilTrue(() => dispatcher.crew.isGone)
          expect(fake.agents.length).toBe(3)
          expect(fake.holds()).toBe(0)
        },
      )

      it("terminate and kill may be repeated, also while the workers end", BOUND, async () => {
        const { dispatcher, fake } = await start(3, options)
        dispatcher.terminate()
        dispatcher.crew.kill()
        dispatcher.terminate()
        dispatcher.close()
        await untilTrue(() => dispatcher.crew.isGone)
        dispatcher.terminate()
        expect(dispatcher.state._tag).toBe("terminated")
        expect(fake.agents.every(({ ended }) => ended)).toBe(true)
      })

      it("a worker that is lost while the pool closes is replaced, and the rest is done", BOUND, async () => {
        const { echo, gated, log } = steered()
        const { dispatcher, fake, submit } = await start(1, options)
        const [running] = submit(gated, [-1]) as [Job]
        await untilTrue(() => log.length === 1)
        const jobs = submit(echo, range(0, 10))
        dispatcher.close()
        fake.agents[0]?.die()
        expect(await outcome(running)).toMatchObject({ _tag: "WorkerLost" })
        expect(await outcomes(jobs)).toEqual(range(0, 10))
        await untilTrue(() => dispatcher.crew.isGone)
        expect(fake.holds()).toBe(0)
      })
    },
  )

  it(
    "an argument that cannot be encoded fails its job alone, in the middle of a message",
    BOUND,
    async () => {
      const { echo } = steered()
      const { dispatcher, fake } = await start(1)
      const values = [1, () => {}, 2, Symbol("s"), 3]
      const jobs = values.map((value) => Job.one(dispatcher.call(echo, 1), [value]))
      for (const job of jobs) dispatcher.submit(job)
      const ends = await outcomes(jobs)
      expect(ends.filter((end) => typeof end === "number")).toEqual([1, 2, 3])
      for (const failed of [ends[1], ends[3]])
        expect(failed).toMatchObject({ _tag: "EncodingFailed", subject: "argument" })
      expect(fake.agents.length).toBe(1)
    },
  )

  it("of workers that rest at the same time, as many stay as are kept", BOUND, async () => {
    const { gated, log, open } = steered()
    const { dispatcher, fake, submit } = await start(4, {}, { minSize: 1, idleTimeout: 20 })
    const jobs = submit(gated, range(0, 4))
    await untilTrue(() => log.length === 4)
    for (const n of range(0, 4)) open(n)
    await outcomes(jobs)
    await untilTrue(() => dispatcher.crew.workers.length === 1)
    await setTimeout(100)
    expect(dispatcher.crew.workers.length).toBe(1)
    expect(fake.agents.length).toBe(4)
  })

  it("an idle dispatcher sends nothing", BOUND, async () => {
    const { echo } = steered()
    const { fake, submit } = await start(2)
    await outcomes(submit(echo, range(0, 20)))
    const before = fake.agents.map(({ received }) => received.length)
    await turns(50)
    expect(fake.agents.map(({ received }) => received.length)).toEqual(before)
  })
})
