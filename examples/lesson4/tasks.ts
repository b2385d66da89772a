import * as EventSync from "multifiber/EventSync"
import * as Task from "multifiber/Task"
import * as ValueSync from "multifiber/ValueSync"

export interface Account {
  readonly balance: ValueSync.Value<"i32">
  /** Set when all processes are there, so that they really run at the same time. */
  readonly start: EventSync.Event
}

export const { change, changeWithoutLock } = Task.module(import.meta.url, {
  /** Changes the balance by `delta`, again and again. Each change is one step for the others. */
  change: ({ balance, start }: Account, delta: number, times: number): void => {
    EventSync.waitSync(start)
    for (let i = 0; i < times; i++) {
      ValueSync.withLockSync(balance, () => ValueSync.setSync(balance, ValueSync.getSync(balance) + delta))
    }
  },

  /** The same without the lock: what another process writes between the reading and the writing is lost. */
  changeWithoutLock: ({ balance, start }: Account, delta: number, times: number): void => {
    const raw = ValueSync.getObj(balance)
    EventSync.waitSync(start)
    for (let i = 0; i < times; i++) ValueSync.setSync(raw, ValueSync.getSync(raw) + delta)
  },
})
