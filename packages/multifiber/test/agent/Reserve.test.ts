import { describe, expect, it } from "@effect/vitest"
import { Reserve } from "../../src/agent/Reserve.ts"
import type { AgentListener, StartAgent } from "../../src/Platform.ts"
import { Op } from "../../src/wire/Protocol.ts"

/** A reserve of two agents, numbered from 1, that say what the test lets them say. */
const reserveOfPuppets = () => {
  const agents: Array<AgentListener> = []
  const start: StartAgent = (_name, listener) => ({
    id: agents.push(listener),
    pid: 1,
    sharesMemory: true,
    line: { post: () => {}, look: () => {} },
    post: () => {},
    end: (code) => listener.onExit({ code, error: undefined }),
  })
  const options = { kind: "thread", size: 2, preload: [] } as const
  const reserve = new Reserve(options, () => start)
  reserve.configure(options)
  const heard: Array<unknown> = []
  const take = () =>
    reserve.take("taken", {
      onMessage: (message) => heard.push(message),
      onMessageError: () => {},
      onExit: () => {},
      onGone: () => {},
    }).id
  const say = (id: number, message: unknown) => agents[id - 1]?.onMessage(message)
  return { heard, reserve, say, take }
}

describe("Reserve", () => {
  it("an agent that has its modules is handed out before an older one that has not", () => {
    const { reserve, say, take } = reserveOfPuppets()
    say(2, { op: Op.Preloaded })
    expect([take(), take(), take()]).toEqual([2, 1, 3])
    reserve.close()
  })

  it("whoever takes an agent while it loads does not hear when that is done", () => {
    const { heard, reserve, say, take } = reserveOfPuppets()
    const id = take()
    say(id, { op: Op.Preloaded })
    say(id, { op: Op.Ready, version: 1 })
    expect(heard).toEqual([{ op: Op.Ready, version: 1 }])
    reserve.close()
  })
})
