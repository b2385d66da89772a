import type * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Barrier from "multifiber/Barrier"
import * as BoundedSemaphore from "multifiber/BoundedSemaphore"
import * as Condition from "multifiber/Condition"
import type { BrokenBarrier, InvalidArgument, NotOwner, OverRelease, TimedOut } from "multifiber/Errors"
import * as Lock from "multifiber/Lock"
import * as LockSync from "multifiber/LockSync"
import * as RLock from "multifiber/RLock"
import * as Semaphore from "multifiber/Semaphore"
import * as SemaphoreSync from "multifiber/SemaphoreSync"
import { describe, expect, it } from "tstyche"

declare const lock: Lock.Lock
declare const rlock: RLock.RLock
declare const semaphore: Semaphore.Semaphore
declare const bounded: BoundedSemaphore.BoundedSemaphore
declare const condition: Condition.Condition
declare const barrier: Barrier.Barrier
declare const body: Effect.Effect<"value", "error", "service">

describe("Lock", () => {
  it("keeps what the effect inside has", () => {
    expect(Lock.withLock(body, lock)).type.toBe<typeof body>()
    expect(pipe(body, RLock.withLock(rlock))).type.toBe<typeof body>()
    expect(pipe(body, Semaphore.withPermit(semaphore))).type.toBe<typeof body>()
    expect(pipe(body, Condition.withLock(condition))).type.toBe<typeof body>()
  })

  it("tells how it was got, and fails only where it can", () => {
    expect(Lock.acquire(lock)).type.toBe<Effect.Effect<"acquired" | "abandoned">>()
    expect(Lock.acquireWithin(lock, "1 second")).type.toBe<Effect.Effect<Lock.Acquired, TimedOut>>()
    expect(Lock.release(lock)).type.toBe<Effect.Effect<void, OverRelease>>()
    expect(LockSync.acquireSync(lock, 10)).type.toBe<Lock.Acquired | false>()
  })

  it("is no other primitive", () => {
    expect(Lock.acquire).type.not.toBeCallableWith(rlock)
    expect(LockSync.acquireSync).type.not.toBeCallableWith(semaphore)
  })
})

describe("Semaphore and BoundedSemaphore", () => {
  it("refuse a number of permits only where there is one", () => {
    expect(Semaphore.acquire(semaphore)).type.toBe<Effect.Effect<void>>()
    expect(Semaphore.acquire(semaphore, 3)).type.toBe<Effect.Effect<void, InvalidArgument>>()
    expect(Semaphore.tryAcquire(semaphore)).type.toBe<Effect.Effect<boolean>>()
    expect(Semaphore.tryAcquire(semaphore, 3)).type.toBe<Effect.Effect<boolean, InvalidArgument>>()
    expect(Semaphore.acquireWithin(semaphore, 10)).type.toBe<Effect.Effect<void, TimedOut>>()
    expect(pipe(semaphore, Semaphore.acquireWithin(10))).type.toBe<Effect.Effect<void, TimedOut>>()
    expect(pipe(semaphore, Semaphore.acquireWithin(10, 3))).type.toBe<
      Effect.Effect<void, InvalidArgument | TimedOut>
    >()
    expect(BoundedSemaphore.release(bounded)).type.toBe<Effect.Effect<void, OverRelease>>()
    expect(BoundedSemaphore.release(bounded, 3)).type.toBe<
      Effect.Effect<void, InvalidArgument | OverRelease>
    >()
  })

  it("keep what the effect inside has", () => {
    const guarded = Semaphore.withPermits(body, semaphore, 3)
    expect(guarded).type.toBe<Effect.Effect<"value", "error" | InvalidArgument, "service">>()
    expect(pipe(body, Semaphore.withPermits(semaphore, 3))).type.toBe<typeof guarded>()
    expect(pipe(body, BoundedSemaphore.withPermits(bounded, 3))).type.toBe<typeof guarded>()
    expect(SemaphoreSync.withPermitsSync(semaphore, 3, () => "value" as const)).type.toBe<"value">()
  })

  it("are not the same", () => {
    expect(Semaphore.acquire).type.not.toBeCallableWith(bounded, 3)
    expect(BoundedSemaphore.withPermits).type.not.toBeCallableWith(body, semaphore, 3)
    expect(Semaphore.withPermits).type.not.toBeCallableWith(body, semaphore)
  })
})

describe("Condition", () => {
  it("gives what the predicate gives", () => {
    expect(Condition.waitFor(condition, body)).type.toBe<
      Effect.Effect<"value", "error" | NotOwner, "service">
    >()
    expect(pipe(condition, Condition.waitForWithin(body, 10))).type.toBe<
      Effect.Effect<"value", "error" | NotOwner, "service">
    >()
    expect(Condition.waitWithin(condition, 10)).type.toBe<Effect.Effect<Lock.Acquired, NotOwner | TimedOut>>()
  })

  it("takes a lock of either kind, and nothing else", () => {
    expect(Condition.fromLock(lock)).type.toBe<Effect.Effect<Condition.Condition, InvalidArgument>>()
    expect(Condition.fromLock(rlock)).type.toBe<Effect.Effect<Condition.Condition, InvalidArgument>>()
    expect(Condition.fromLock).type.not.toBeCallableWith(semaphore)
  })
})

describe("Barrier", () => {
  it("has the errors of the action, and of the barrier", () => {
    expect(Barrier.make(2)).type.toBe<Effect.Effect<Barrier.Barrier, InvalidArgument>>()
    expect(Barrier.wait(barrier)).type.toBe<Effect.Effect<number, BrokenBarrier>>()
    expect(Barrier.wait(barrier, { action: body })).type.toBe<
      Effect.Effect<number, BrokenBarrier | "error", "service">
    >()
  })
})
