/**
 * Python's `multiprocessing` for TypeScript, as typed Effect values.
 *
 * @since 0.1.0
 */
export * as Agent from "./Agent.ts"
export * as AsyncResult from "./AsyncResult.ts"
export * as Barrier from "./Barrier.ts"
export * as BarrierSync from "./BarrierSync.ts"
export * as Context from "./Context.ts"
export * from "./Errors.ts"
export * as Event from "./Event.ts"
export * as EventSync from "./EventSync.ts"
export * as Inherited from "./Inherited.ts"
export * as Lock from "./Lock.ts"
export * as LockSync from "./LockSync.ts"
export * as Platform from "./Platform.ts"
export * as Pool from "./Pool.ts"
export * as Process from "./Process.ts"
export * as RLock from "./RLock.ts"
export * as RLockSync from "./RLockSync.ts"
export * as Semaphore from "./Semaphore.ts"
export * as SemaphoreSync from "./SemaphoreSync.ts"
export * as StartMethod from "./StartMethod.ts"
export * as Task from "./Task.ts"
export * as TaskSchema from "./TaskSchema.ts"
export * as Waitable from "./Waitable.ts"
