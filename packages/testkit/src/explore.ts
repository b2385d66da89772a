/**
 * Explores the primitives of the kernel: every schedule of their scenarios, and some at random of the deep ones, with the
 * real code, then with each seeded bug, which has to be found.
 */
import { setTimeout } from "node:timers/promises"
import * as Kernel from "@multifiber/kernel"
import { type Explored, explore } from "./Explorer.ts"
import { primitives } from "./explored/index.ts"
import { isBounded, isDeep, type Mutant, type Primitive } from "./explored/primitive.ts"
import { type Sampled, sample } from "./Sampler.ts"

export interface Finding {
  readonly name: string
  /** The most agents and preemptions of a scenario. */
  readonly agents: number
  readonly preemptions: number
  readonly schedules: number
  readonly states: number
  /** Schedules at random, and their steps. */
  readonly deepRuns: number
  readonly deepSteps: number
  readonly violations: ReadonlyArray<string>
  readonly mutants: number
  readonly killed: number
  readonly survivors: ReadonlyArray<string>
  /** Mutants that nothing can tell from the original, with the reason. */
  readonly equivalent: ReadonlyArray<{ readonly name: string; readonly reason: string }>
}

/** Makes the kernel with a text of its source replaced. */
export type Mutate = (mutant: Mutant) => Promise<typeof Kernel>

export interface Options {
  /** Makes mutants, which must be found then. */
  readonly mutate?: Mutate | undefined
  /** The most preemptions, whatever a scenario wants. */
  readonly preemptions?: number
  /** The first seed of the schedules at random, and the most of a scenario. */
  readonly seed?: number
  readonly runs?: number
  readonly tell?: (line: string) => void
}

const SEED = 1

/** Whoever runs this, a test runner for one, may have something to say in between, which takes more than one turn. */
const giveUpThread = () => setTimeout(20)

/** Explores one primitive. */
export const examine = async (
  primitive: Primitive,
  {
    mutate,
    preemptions = Number.POSITIVE_INFINITY,
    runs = Number.POSITIVE_INFINITY,
    seed = SEED,
    tell = () => {},
  }: Options,
): Promise<Finding> => {
  const scenarios = primitive
    .scenarios(Kernel)
    .filter(isBounded)
    .map((scenario) => ({ ...scenario, preemptions: Math.min(scenario.preemptions, preemptions) }))
  const explored: Array<Explored & { readonly name: string }> = []
  for (const scenario of scenarios) {
    const begin = performance.now()
    const outcome = explore(scenario)
    const seconds = ((performance.now() - begin) / 1000).toFixed(1)
    tell(`  ${scenario.name}: ${outcome.schedules} schedules, ${outcome.states} states, ${seconds} s`)
    explored.push({ name: scenario.name, ...outcome })
    await giveUpThread()
  }
  const sampled: Array<Sampled & { readonly name: string }> = []
  for (const scenario of primitive.scenarios(Kernel).filter(isDeep)) {
    const begin = performance.now()
    const outcome = sample({ ...scenario, runs: Math.min(scenario.runs, runs) }, seed)
    const seconds = ((performance.now() - begin) / 1000).toFixed(1)
    tell(`  ${scenario.name}: ${outcome.runs} runs at random, ${outcome.steps} steps, ${seconds} s`)
    sampled.push({ name: scenario.name, ...outcome })
    await giveUpThread()
  }
  const mutants = mutate ? primitive.mutants.filter(({ equivalent }) => equivalent === undefined) : []
  const survivors: Array<string> = []
  const statesOf = new Map(explored.map(({ name, states }) => [name, states]))
  for (const mutant of mutants) {
    const scenarios = primitive
      .scenarios((await mutate?.(mutant)) ?? Kernel)
      .toSorted((left, right) => (statesOf.get(left.name) ?? 0) - (statesOf.get(right.name) ?? 0))
    const killer = findBy(scenarios, mutant.deep ?? false)
    tell(`  ${killer === undefined ? "ALIVE" : "killed"} ${mutant.name}${killer ? ` by: ${killer}` : ""}`)
    if (killer === undefined) survivors.push(mutant.name)
  }
  const sum = <A>(all: ReadonlyArray<A>, of: (each: A) => number) =>
    all.reduce((total, each) => total + of(each), 0)
  return {
    name: primitive.name,
    agents: Math.max(...scenarios.map(({ agents }) => agents.length)),
    preemptions: Math.max(...scenarios.map(({ preemptions }) => preemptions)),
    schedules: sum(explored, ({ schedules }) => schedules),
    states: sum(explored, ({ states }) => states),
    deepRuns: sum(sampled, ({ runs }) => runs),
    deepSteps: sum(sampled, ({ steps }) => steps),
    violations: [...explored, ...sampled].flatMap(({ name, violation }) =>
      violation ? [`${name}: ${violation}`] : [],
    ),
    mutants: mutants.length,
    killed: mutants.length - survivors.length,
    survivors,
    equivalent: primitive.mutants.flatMap(({ equivalent, name }) =>
      equivalent === undefined ? [] : [{ name, reason: equivalent }],
    ),
  }
}

/** The first of these scenarios that finds a mutant wrong; the small ones come first. */
const findBy = (scenarios: ReturnType<Primitive["scenarios"]>, deep: boolean): string | undefined => {
  const isFound = ({ violation }: Explored | Sampled) => violation !== undefined
  return deep
    ? scenarios.filter(isDeep).find((scenario) => isFound(sample(scenario, SEED)))?.name
    : scenarios.filter(isBounded).find((scenario) => isFound(explore(scenario)))?.name
}

/** Explores every primitive, or those of these names. */
export const examineAll = async ({
  only,
  ...options
}: Options & { readonly only?: ReadonlyArray<string> }): Promise<ReadonlyArray<Finding>> => {
  const findings: Array<Finding> = []
  for (const primitive of primitives.filter(({ name }) => only?.includes(name) ?? true)) {
    options.tell?.(primitive.name)
    findings.push(await examine(primitive, options))
  }
  return findings
}
