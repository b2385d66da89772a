/** Every primitive that the explorer knows. */
import { mutex } from "./mutex.ts"
import type { Primitive } from "./primitive.ts"
import { semaphore } from "./semaphore.ts"

export const primitives: ReadonlyArray<Primitive> = [mutex, semaphore]
