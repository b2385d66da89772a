/** Places for agents that do not share the memory. */
import { describe, expect, it } from "@effect/vitest"
import * as Agent from "../../src/Agent.ts"
import { Guests } from "../../src/agent/Guests.ts"
import * as Membership from "../../src/agent/Membership.ts"

describe("Guests", () => {
  it("a place is free again once its guest is gone", () => {
    const guests = new Guests()
    const ids = Array.from({ length: 1000 }, () => {
      const { id } = guests.of("1").user
      expect(Membership.isAlive(id)).toBe(true)
      guests.leave("1")
      expect(Membership.isAlive(id)).toBe(false)
      return id
    })
    expect(new Set(ids).size).toBe(1000)
  })

  it("who is gone has its place until what was done for it is over", () => {
    const guests = new Guests()
    const guest = guests.of("1")
    const { id } = guest.user
    const over = [guest.begin(), guest.begin()]
    guests.leave("1")
    over[0]?.()
    expect(Membership.isAlive(id)).toBe(true)
    over[1]?.()
    expect(Membership.isAlive(id)).toBe(false)
  })

  it("with an agent those below it are gone, and no others", () => {
    const guests = new Guests()
    const ids = ["1:2", "1:2:1", "1:20", "1"].map((path) => guests.of(path).user.id)
    guests.leave("1:2")
    expect(ids.map(Membership.isAlive)).toEqual([false, false, true, true])
    guests.leave("1")
    expect(ids.map(Membership.isAlive)).toEqual([false, false, false, false])
  })

  it("the starter learns of those whose calls were passed on, once", () => {
    const told: Array<string> = []
    const state = Agent.state()
    state.leaveAtStarter = (agent) => told.push(agent)
    try {
      const guests = new Guests()
      guests.passOn("1:1")
      guests.passOn("1:1:4")
      guests.leave("1:2")
      guests.leave("1:1")
      guests.leave("1:1")
    } finally {
      state.leaveAtStarter = undefined
    }
    expect(told).toEqual(["1:1"])
  })
})
