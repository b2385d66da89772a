import * as Task from "multifiber/Task"

export const { blockFor, increment } = Task.module(import.meta.url, {
  increment: (n: number) => n + 1,
  /** Blocks the worker's thread, so that whatever is sent to it stays queued. */
  blockFor: (ms: number) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  },
})
