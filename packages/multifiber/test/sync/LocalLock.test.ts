/** What one agent keeps of a lock: whom it lets in, and that nobody takes the news along that a holder has died. */
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
    tell: () => Membership.tell(dying),
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

it("the next fiber passes as one leaves, without being woken", () => {
  const { die, mine, theirs } = locks()
  const seen: Array<string> = []
  expect(mine.tryPass()).toBe("acquired")
  mine.wait((taken) => seen.push(`first ${taken}`), 1)
  mine.wait((taken) => seen.push(`second ${taken}`), 1)
  mine.handOver()
  expect(seen).toEqual(["first acquired"])
  expect([mine.tryPass(), theirs.tryPass()]).toEqual([undefined, undefined])
  mine.handOver()
  expect(seen).toEqual(["first acquired", "second acquired"])
  mine.leave()
  expect(theirs.tryPass()).toBe("acquired")
  die()
})

it("who is told to end lets no fiber in as it gives back what it has just taken", () => {
  const { die, mine, tell, theirs } = locks()
  const seen: Array<string> = []
  expect(mine.tryPass()).toBe("acquired")
  theirs.wait((taken) => seen.push(taken), 1)
  mine.leave()
  tell()
  expect(() => theirs.passSync(1000)).toThrow()
  expect(seen).toEqual([])
  expect(mine.tryPass()).toBe("acquired")
  mine.leave()
  die()
})
