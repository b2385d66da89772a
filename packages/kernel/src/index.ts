/**
 * Shared-memory algorithms of multifiber. No Effect, no runtime names, no timers.
 *
 * @since 0.1.0
 */
export * as Agents from "./Agents.ts"
export * as Barrier from "./Barrier.ts"
export * as BoundedSemaphore from "./BoundedSemaphore.ts"
export * as Claims from "./Claims.ts"
export * as Condition from "./Condition.ts"
export * as Event from "./Event.ts"
export * as Holders from "./Holders.ts"
export * as Memory from "./Memory.ts"
export * as Mutex from "./Mutex.ts"
export * as Ring from "./Ring.ts"
export * as Semaphore from "./Semaphore.ts"
export * as Unfinished from "./Unfinished.ts"
export * as Waiters from "./Waiters.ts"
