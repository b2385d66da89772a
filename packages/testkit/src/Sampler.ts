/**
 * Runs a scenario with schedules drawn at random: for laws that take more agents, rounds and preemptions than can be run
 * through. Nothing bounds the preemptions; a death may come before any step, and any time-out may.
 *
 * All that a run draws follows from its seed, so that the same seed is the same run.
 *
 * Half of the runs draw the agent of each step. In the others the agents stand in a row, and the first that can go on does;
 * now and then it is sent to the end. So an agent can be kept waiting for very long between any two of its steps, which
 * drawing each step does not bring about. After "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs"
 * (Burckhardt, Kothari, Musuvathi, Nagarakatte, 2010). There the number of these moments is fixed, and the length of a run
 * known; here their rate is drawn for each run.
 */
import type { Memory } from "@multifiber/kernel/Memory"
import { PCGRandom } from "effect/Utils"
import { indexesOf, plain, type Scenario, type State, simulate, tell, Violation } from "./Simulation.ts"

export interface Deep extends Scenario {
  readonly runs: number
  /** Made for each run: looks on after each step, and throws where it is wrong. */
  readonly watch?: (memory: Memory) => () => void
}

export interface Sampled {
  readonly runs: number
  readonly steps: number
  /** What went wrong first, with the seed of that run and the agent of each step. */
  readonly violation: string | undefined
}

/** Longer runs count as livelock. */
const LONGEST = 10_000

/** The rarest that something random is: once in as many steps, as a power of two. */
const RAREST = 8

/** Runs a scenario until the first violation, once with each seed from `seed` on. */
export const sample = (scenario: Deep, seed: number): Sampled => {
  let steps = 0
  for (let run = 0; run < scenario.runs; run++) {
    const outcome = runOnce(scenario, seed + run)
    steps += outcome.steps
    if (outcome.violation !== undefined) {
      return { runs: run + 1, steps, violation: `seed ${seed + run}: ${outcome.violation}` }
    }
  }
  return { runs: scenario.runs, steps, violation: undefined }
}

const runOnce = (scenario: Deep, seed: number): { steps: number; violation: string | undefined } => {
  const random = new PCGRandom(seed)
  const below = (count: number): number => random.integer(count)
  const oneOf = <A>(all: ReadonlyArray<A>): A => all[below(all.length)] as A
  /** Tells once in a while that it is time; how often, is drawn. */
  const sometimes = (): (() => boolean) => {
    const interval = 2 ** (1 + below(RAREST))
    return () => below(interval) === 0
  }

  const { die, judge, mayDie, mayLook, mayWake, start, step, wake } = simulate(scenario, (words) => words)
  const isDue = { death: sometimes(), wakeUp: sometimes(), change: sometimes() }
  const row = shuffled(below, scenario.agents.length)
  const inRow = below(2) === 0

  const next = (runnable: ReadonlyArray<number>): number => {
    if (!inRow) return oneOf(runnable)
    const first = () => row.findIndex((index) => runnable.includes(index))
    if (isDue.change()) row.push(...row.splice(first(), 1))
    return row[first()] as number
  }

  /** None where nobody can go on. */
  const successor = (state: State): State | undefined => {
    const mortal = mayDie(state)
    if (mortal.length > 0 && isDue.death()) return die(state, oneOf(mortal))
    const runnable = indexesOf(state.agents, ({ status }) => status === "runnable")
    const sleepers = indexesOf(state.agents, mayWake)
    if (runnable.length > 0 && !(sleepers.length > 0 && isDue.wakeUp())) return step(state, next(runnable))
    const wakeable = sleepers.length > 0 ? sleepers : mayLook(state)
    return wakeable.length > 0 ? wake(state, oneOf(wakeable)) : undefined
  }

  let state: State | undefined
  try {
    state = start()
    const watch = scenario.watch?.(plain(state.words))
    for (;;) {
      const after = successor(state)
      if (after === undefined) break
      state = after
      watch?.()
      if (state.depth > LONGEST) throw new Violation("livelock")
    }
    judge(state)
    return { steps: state.depth, violation: undefined }
  } catch (error) {
    return { steps: state?.depth ?? 0, violation: tell(error, state) }
  }
}

const shuffled = (below: (count: number) => number, count: number): Array<number> => {
  const left = [...Array(count).keys()]
  const row: Array<number> = []
  while (left.length > 0) row.push(...left.splice(below(left.length), 1))
  return row
}
