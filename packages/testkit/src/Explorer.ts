/**
 * Runs every interleaving of a scenario, up to a number of preemptions.
 *
 * After "Finding and Reproducing Heisenbugs in Concurrent Programs" (Musuvathi et al., 2008), which bounds preemptions.
 */
import { type Scenario, type State, simulate, tell, Violation } from "./Simulation.ts"

export interface Bounded extends Scenario {
  /** How often an agent that could go on may be kept from it, in one schedule. */
  readonly preemptions: number
}

export interface Explored {
  /** Complete runs. */
  readonly schedules: number
  readonly states: number
  /** What went wrong first, with the agent of each step. */
  readonly violation: string | undefined
}

/** Longer runs count as livelock. */
const LONGEST = 500

/** Explores a scenario until its end or the first violation. */
export const explore = (scenario: Bounded): Explored => {
  const { die, judge, mayDie, mayLook, mayWake, start, step, wake, written } = simulate(scenario, (words) =>
    words.slice(),
  )
  const visited = new Map<string, number>()
  let schedules = 0

  /** What a state is known by: what the agents have seen, and the words that anybody has written. */
  const keyOf = ({ agents, died, last, words }: State): string => {
    let key = `${last}${died}`
    for (const index of written) key += `,${words[index]}`
    for (const { log, round, spurious, status } of agents)
      key += `|${status[0]}${spurious}${round}:${log.join()}`
    return key
  }

  /** What the agents may do in a state: each is a state to go on with. */
  const movesOf = (state: State): ReadonlyArray<State> => {
    const moves = state.agents.flatMap((agent, index) => {
      if (agent.status === "runnable") return [step(state, index)]
      return mayWake(agent) ? [wake(state, index)] : []
    })
    return moves.length > 0 ? moves : mayLook(state).map((index) => wake(state, index))
  }

  const left: Array<State> = []
  let current: State | undefined
  try {
    left.push(start())
    for (;;) {
      current = left.pop()
      if (current === undefined) return { schedules, states: visited.size, violation: undefined }
      const state: State = current
      if (state.preemptions > scenario.preemptions) continue
      const key = keyOf(state)
      if ((visited.get(key) ?? Number.POSITIVE_INFINITY) <= state.preemptions) continue
      visited.set(key, state.preemptions)
      if (state.depth > LONGEST) throw new Violation("livelock")
      const moves = movesOf(state)
      if (moves.length === 0) {
        schedules++
        judge(state)
      }
      left.push(...moves, ...mayDie(state).map((index) => die(state, index)))
    }
  } catch (error) {
    return { schedules, states: visited.size, violation: tell(error, current) }
  }
}
