/** What the explorer knows of a primitive of the kernel. */
import type { Scenario } from "../Explorer.ts"

/** A seeded bug: a text of the source file, which stands there once, and what is put in its place. */
export interface Mutant {
  readonly name: string
  readonly find: string
  readonly replace: string
  /** Why no scenario can tell it from the original, where that is so. */
  readonly equivalent?: string
}

export interface Primitive<Module> {
  readonly name: string
  /** Its source file in the kernel, without `.ts`. */
  readonly file: string
  /** Scenarios over the module itself or a mutant of it. */
  readonly scenarios: (module: Module) => ReadonlyArray<Scenario>
  readonly mutants: ReadonlyArray<Mutant>
}
