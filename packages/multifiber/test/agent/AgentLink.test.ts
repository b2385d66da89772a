import { describe, expect, it } from "@effect/vitest"
import * as FakePlatform from "@multifiber/testkit/fakePlatform"
import { AgentLink, type LinkExit } from "../../src/agent/AgentLink.ts"
import { ORDINARY } from "../../src/agent/Call.ts"
import type { Job } from "../../src/agent/Job.ts"
import type { AgentListener, PlatformService, StartAgent } from "../../src/Platform.ts"
import { Op, VERSION } from "../../src/wire/Protocol.ts"
import { idOf, jobOf } from "../jobs.ts"

/** A link to an agent that says what the test lets it say. */
const linkToPuppet = () => {
  const posted: Array<unknown> = []
  const events: Array<string> = []
  const exits: Array<{
    readonly exit: LinkExit
    readonly lost: Array<number>
    readonly unbegun: Array<number>
  }> = []
  let agent = {} as AgentListener
  const ids = (jobs: ReadonlyArray<Job>) => jobs.map(idOf)
  const startThread: StartAgent = (_name, listener) => {
    agent = listener
    return {
      id: 1,
      pid: 1,
      sharesMemory: true,
      line: { post: () => {}, look: () => {} },
      post: (message) => posted.push(structuredClone(message)),
      end: (code) => listener.onExit({ code, error: undefined }),
    }
  }
  const platform: PlatformService = { ...FakePlatform.make().service, startThread }
  const link = new AgentLink(
    platform,
    {
      name: "puppet",
      path: [1],
      daemon: true,
      startMethod: "thread",
      logs: undefined,
      lifetime: "worker",
    },
    [],
    {
      onReady: () => events.push("ready"),
      onSettled: (ran) => events.push(`settled ${ran}`),
      onExit: (exit, lost, unbegun) => exits.push({ exit, lost: ids(lost), unbegun: ids(unbegun) }),
      onGone: () => events.push("gone"),
    },
  )
  const say = (message: unknown) => agent.onMessage(structuredClone(message))
  return { link, posted, events, exits, say, agent: () => agent }
}

const settled = (next: number, values: ReadonlyArray<unknown>) => ({
  op: Op.Settled,
  next,
  values,
  failures: [],
  busy: 1,
})

describe("AgentLink", () => {
  it("an agent of another protocol version is ended, with a reason that says what to do", () => {
    const { events, exits, say } = linkToPuppet()
    say({ op: Op.Ready, version: VERSION + 1 })
    expect(events).toEqual([])
    expect(exits).toMatchObject([{ exit: { code: -9, wasReady: false } }])
    expect(String(exits[0]?.exit.error)).toContain("install one version of multifiber")
  })

  it("results go to the jobs in the order they were sent", () => {
    const { events, link, say } = linkToPuppet()
    say({ op: Op.Ready, version: VERSION })
    const jobs = [0, 1, 2, 3].map((id) => jobOf(id))
    link.send(jobs)
    say(settled(1, ["a"]))
    say(settled(4, ["b", "c", "d"]))
    expect(jobs.map(({ outcome }) => outcome)).toEqual(["a", "b", "c", "d"])
    expect(events).toEqual(["ready", "settled 1", "settled 3"])
    expect([link.live, link.outstanding]).toEqual([0, 0])
  })

  it("revoked jobs have no result: the others get theirs", () => {
    const { link, say } = linkToPuppet()
    say({ op: Op.Ready, version: VERSION })
    const jobs = [0, 1, 2, 3].map((id) => jobOf(id))
    link.send(jobs)
    expect(link.revoke(jobs[1] as Job)).toBe(true)
    expect(link.revoke(jobs[1] as Job)).toBe(false)
    expect([link.live, link.outstanding]).toEqual([3, 4])
    say(settled(4, ["a", "c", "d"]))
    expect(jobs.map(({ outcome }) => outcome)).toEqual(["a", undefined, "c", "d"])
  })

  it("revokeLast takes back the last jobs, in their order", () => {
    const { link } = linkToPuppet()
    const jobs = [0, 1, 2, 3, 4].map((id) => jobOf(id))
    link.send(jobs)
    link.revoke(jobs[4] as Job)
    expect(link.revokeLast(2).map(idOf)).toEqual([2, 3])
    expect(link.live).toBe(2)
  })

  it("revokeLast leaves what is for this agent alone: its initializer, and what is for its place", () => {
    const { link } = linkToPuppet()
    link.send([
      jobOf(0, { ...ORDINARY, isInitial: true }),
      jobOf(1),
      jobOf(2, { ...ORDINARY, place: 0 }),
      jobOf(3),
    ])
    expect(link.revokeLast(4).map(idOf)).toEqual([1, 3])
  })

  it("a failure is that of its place among the values", () => {
    const { link, say } = linkToPuppet()
    const jobs = [0, 1, 2].map((id) => jobOf(id))
    link.send(jobs)
    say({
      op: Op.Settled,
      next: 3,
      values: [undefined, "b", undefined],
      failures: [
        [0, { kind: "interrupted" }],
        [2, { kind: "notFound", reason: "r" }],
      ],
      busy: 1,
    })
    expect(jobs.map(({ outcome }) => outcome)).toMatchObject([
      { _tag: "TaskInterrupted" },
      "b",
      { _tag: "TaskNotFound" },
    ])
  })

  it("at the exit, jobs that were not begun can be sent elsewhere; those of a poisoned agent cannot", () => {
    for (const poisoned of [false, true]) {
      const { exits, agent, link, say } = linkToPuppet()
      link.send([0, 1, 2].map((id) => jobOf(id)))
      say(settled(1, ["a"]))
      if (poisoned) say({ op: Op.Dying, error: { kind: "value", value: "choked" }, poisoned })
      agent().onExit({ code: 1, error: undefined })
      expect(exits).toMatchObject([poisoned ? { lost: [1, 2], unbegun: [] } : { lost: [], unbegun: [1, 2] }])
    }
  })

  it("names a task in the first message that uses it, and by its number afterwards", () => {
    const { link, posted } = linkToPuppet()
    link.send([jobOf(0)])
    link.send([jobOf(1)])
    expect(posted).toMatchObject([
      { names: [{ name: "nothing" }], segments: [{ task: 0 }] },
      { segments: [{ task: 0 }] },
    ])
    expect(posted[1]).not.toHaveProperty("names")
  })

  it("after the exit, nothing is sent, and a late report settles nothing", () => {
    const { agent, events, link, posted, say } = linkToPuppet()
    agent().onExit({ code: 1, error: undefined })
    link.stop()
    link.end(-9)
    say(settled(0, []))
    expect(posted).toEqual([])
    expect(events).toEqual(["settled 0"])
    expect(link.state).toBe("ended")
  })
})
