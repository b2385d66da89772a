/** Every primitive that the explorer knows. */
import { mutex } from "./mutex.ts"
import type { Primitive } from "./primitive.ts"

export const primitives: ReadonlyArray<Primitive<any>> = [mutex]
