/** What the explorer knows of a primitive of the kernel. */
import type * as Kernel from "@multifiber/kernel"
import type { Bounded } from "../Explorer.ts"
import type { Deep } from "../Sampler.ts"

/** A seeded bug: a text of a source file of the kernel, which stands there once, and what is put in its place. */
export interface Mutant {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Why no scenario can tell it from the original, where that is so. */
  readonly equivalent?: string
  /** Only schedules at random are long enough to find it. */
  readonly deep?: boolean
}

export interface Primitive {
  readonly name: string
  /** Scenarios over the kernel, or one with a bug in it; the deep ones are run at random. */
  readonly scenarios: (kernel: typeof Kernel) => ReadonlyArray<Bounded | Deep>
  readonly mutants: ReadonlyArray<Mutant>
}

export const isDeep = (scenario: Bounded | Deep): scenario is Deep => "runs" in scenario

export const isBounded = (scenario: Bounded | Deep): scenario is Bounded => !isDeep(scenario)
