/** Handles of the wrong kind. */
import { describe, expect, it } from "@effect/vitest"
import * as BarrierSync from "../src/BarrierSync.ts"
import * as BoundedSemaphoreSync from "../src/BoundedSemaphoreSync.ts"
import * as ConditionSync from "../src/ConditionSync.ts"
import * as EventSync from "../src/EventSync.ts"
import * as LockSync from "../src/LockSync.ts"
import * as RLockSync from "../src/RLockSync.ts"
import * as SemaphoreSync from "../src/SemaphoreSync.ts"

const uses: Record<string, (handle: never) => unknown> = {
  Barrier: BarrierSync.waitSync,
  BoundedSemaphore: BoundedSemaphoreSync.releaseSync,
  Condition: (handle) => ConditionSync.notifySync(handle),
  Event: EventSync.setSync,
  Lock: (handle) => LockSync.acquireSync(handle),
  RLock: RLockSync.releaseSync,
  Semaphore: SemaphoreSync.releaseSync,
}

describe("a handle", () => {
  for (const [kind, use] of Object.entries(uses)) {
    it(`that is none of a ${kind} is refused`, () => {
      const strangers = [{}, 7, kind === "Event" ? LockSync.makeSync() : EventSync.makeSync()]
      for (const stranger of strangers) {
        expect(() => use(stranger as never)).toThrow(
          expect.objectContaining({ _tag: "InvalidArgument", expected: `the handle of a ${kind}` }),
        )
      }
    })
  }
})
