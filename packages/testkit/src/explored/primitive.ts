/** What the explorer knows of a primitive of the kernel. */
import type * as Kernel from "@multifiber/kernel"
import type { Scenario } from "../Explorer.ts"

/** A seeded bug: a text of a source file of the kernel, which stands there once, and what is put in its place. */
export interface Mutant {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Why no scenario can tell it from the original, where that is so. */
  readonly equivalent?: string
}

export interface Primitive {
  readonly name: string
  /** Scenarios over the kernel, or one with a bug in it. */
  readonly scenarios: (kernel: typeof Kernel) => ReadonlyArray<Scenario>
  readonly mutants: ReadonlyArray<Mutant>
}
