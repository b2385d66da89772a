/**
 * How many tasks a worker may be ahead: enough that it never waits for the next message, few enough that no task waits
 * behind long ones. The window holds about 4 ms of work, by the task times that the worker reports.
 */
import { CAPACITY } from "../agent/AgentLink.ts"

/** Milliseconds of work in a window. */
const TARGET = 4
/** Milliseconds of work below which a message is not worth its cost, while the worker has something to do. */
const WORTHWHILE = 0.05
const INITIAL = 8
const LEAST = 2
/** Weight of a new observation. */
const WEIGHT = 0.3

export interface Window {
  readonly size: number
  readonly least: number
  /** Moving average of the time of a task in milliseconds; 0 while unknown. */
  readonly taskTime: number
}

export const initial: Window = { size: INITIAL, least: LEAST, taskTime: 0 }

/** Of a worker that shares no memory: what it was sent cannot be taken back, so it gets little until its time is known. */
export const unshared: Window = { size: 1, least: 1, taskTime: 0 }

/** The window after `ran` tasks took `busy` milliseconds; grows at most to the double. */
export const observe = (self: Window, ran: number, busy: number): Window => {
  if (ran === 0) return self
  const observed = Math.max(busy / ran, 1e-6)
  const taskTime = self.taskTime === 0 ? observed : self.taskTime + WEIGHT * (observed - self.taskTime)
  const size = Math.min(Math.ceil(TARGET / taskTime), 2 * self.size, CAPACITY)
  return { ...self, size: Math.max(size, self.least), taskTime }
}

/** The fewest tasks that are worth a message to a busy worker. */
export const worthwhile = ({ size, taskTime }: Window): number =>
  taskTime === 0 ? 1 : Math.max(1, Math.min(Math.ceil(WORTHWHILE / taskTime), size >> 1))

/** Milliseconds that `count` tasks will take, as far as known. */
export const workOf = ({ taskTime }: Window, count: number): number => count * taskTime
