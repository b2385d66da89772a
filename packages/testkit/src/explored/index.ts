/** Every primitive that the explorer knows. */

import { barrier } from "./barrier.ts"
import { boundedSemaphore } from "./boundedSemaphore.ts"
import { condition } from "./condition.ts"
import { event } from "./event.ts"
import { mutex } from "./mutex.ts"
import type { Primitive } from "./primitive.ts"
import { ring } from "./ring.ts"
import { semaphore } from "./semaphore.ts"
import { unfinished } from "./unfinished.ts"

export const primitives: ReadonlyArray<Primitive> = [
  mutex,
  semaphore,
  boundedSemaphore,
  event,
  condition,
  barrier,
  ring,
  unfinished,
]
