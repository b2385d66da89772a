/** What one agent keeps of a lock: who gives it up does not take the news along that a holder has died. */
import { expect, it } from "@effect/vitest"
import { attach } from "@multifiber/kernel/Memory"
import * as Mutex from "@multifiber/kernel/Mutex"
import * as Membership from "../../src/agent/Membership.ts"
import * as LockSync from "../../src/LockSync.ts"
import { LocalLock } from "../../src/sync/LocalLock.ts"

const locks = () => {
  const { words } = LockSync.makeSync()[LockSync.TypeId]
  const memory = attach(new Int32Array(words as SharedArrayBuffer))
  const of = (user: Membership.User) => new LocalLock(Mutex.fromMemory(memory, user.table), user)
  const dying = Membership.enter()
  return {
    mine: of(Membership.self()),
    theirs: of(Membership.user(dying)),
    die: () => Membership.leave(dying),
  }
}

it("a fiber that has passed and is not waited for any more leaves what it found", () => {
  const { die, mine, theirs } = locks()
  expect(theirs.tryPass()).toBe("acquired")
  const seen: Array<string> = []
  const giveUp = mine.wait((taken) => seen.push(taken), 1)
  expect(seen).toEqual([])
  die()
  mine.look()
  expect(seen).toEqual(["abandoned"])
  giveUp()
  expect(mine.tryPass()).toBe("abandoned")
  mine.leave()
  expect(mine.tryPass()).toBe("acquired")
})
