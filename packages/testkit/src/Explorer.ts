/**
 * Runs every interleaving of a few simulated agents over simulated shared words, up to a number of preemptions.
 *
 * An agent is a plain function of a `Memory`, without state of its own but arguments and locals. Its operations are its
 * steps: to make the next one, the explorer does the operation that the agent waits for, writes down its result, and runs
 * the function again from the start with the results so far; the first operation beyond them is the one it waits for
 * then. So a whole state can be copied, compared, and gone on with in every way.
 *
 * After "Finding and Reproducing Heisenbugs in Concurrent Programs" (Musuvathi et al., 2008), which bounds preemptions.
 */
import type { Memory } from "@multifiber/kernel/Memory"

export interface Scenario {
  readonly name: string
  readonly words: number
  /** What the words hold at first. */
  readonly initial?: (memory: Memory) => void
  readonly agents: ReadonlyArray<(memory: Memory) => unknown>
  /** How often an agent that could go on may be kept from it, in one schedule. */
  readonly preemptions: number
  /** The agents of which one may die before any of its steps, and what the survivors find then. */
  readonly death?: {
    readonly of: ReadonlyArray<number>
    readonly marks: (memory: Memory, agent: number) => void
    /** Something of a death is left to do: whoever sleeps looks again once nobody else can go on. */
    readonly isOpen?: (memory: Memory) => boolean
  }
  /** Words that nobody changes: reading them is no step. */
  readonly constant?: (index: number) => boolean
  /** Judges a finished run by what the agents returned, nothing for a dead one; throws where it is wrong. */
  readonly atEnd?: (results: ReadonlyArray<unknown>, memory: Memory) => void
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

interface Operation {
  readonly kind: "load" | "store" | "compareExchange" | "add" | "and" | "or" | "wait" | "notify"
  readonly index: number
  readonly first: number
  readonly second: number
}

interface Agent {
  /** Results of its operations so far. */
  readonly log: ReadonlyArray<number>
  /** `blocked` sleeps on the word of its next operation. */
  readonly status: "runnable" | "blocked" | "finished" | "dead"
  readonly next: Operation | undefined
  readonly result: unknown
  /** Somebody has died since it woke up by itself: the next time that it sleeps, it may do so. */
  readonly spurious: boolean
}

interface State {
  readonly words: Int32Array
  readonly agents: ReadonlyArray<Agent>
  readonly last: number
  readonly preemptions: number
  readonly died: boolean
  readonly trace: Trace | undefined
  readonly depth: number
}

/** The way to a state, newest step first. */
interface Trace {
  readonly step: string
  readonly before: Trace | undefined
}

class Violation extends Error {}

/** Stops an agent at the operation that it waits for. */
const PAUSE = Symbol("pause")

/** Does an operation that neither blocks nor wakes. */
const perform = (words: Int32Array, { first, index, kind, second }: Operation): number => {
  const found = words[index] as number
  switch (kind) {
    case "store":
      words[index] = first
      break
    case "compareExchange":
      if (found === (first | 0)) words[index] = second
      break
    case "add":
      words[index] = found + first
      break
    case "and":
      words[index] = found & first
      break
    case "or":
      words[index] = found | first
      break
    default:
  }
  return found
}

/** The memory of an agent that is run again: answers from its log, then pauses it. */
class Replayed implements Memory {
  readonly length: number
  next: Operation | undefined = undefined
  readonly log: Array<number>
  private readonly words: Int32Array
  private readonly constant: (index: number) => boolean
  private at = 0

  constructor(words: Int32Array, log: ReadonlyArray<number>, constant: (index: number) => boolean) {
    this.words = words
    this.length = words.length
    this.log = [...log]
    this.constant = constant
  }

  private take(kind: Operation["kind"], index: number, first = 0, second = 0): number {
    // Needs no entry in the log: it is the same whenever it is read.
    if (kind === "load" && this.constant(index)) return this.words[index] as number
    if (this.at === this.log.length) {
      this.next = { kind, index, first, second }
      throw PAUSE
    }
    return this.log[this.at++] as number
  }

  load(index: number): number {
    return this.take("load", index)
  }
  store(index: number, value: number): void {
    this.take("store", index, value)
  }
  compareExchange(index: number, expected: number, next: number): number {
    return this.take("compareExchange", index, expected, next)
  }
  add(index: number, delta: number): number {
    return this.take("add", index, delta)
  }
  and(index: number, mask: number): number {
    return this.take("and", index, mask)
  }
  or(index: number, bits: number): number {
    return this.take("or", index, bits)
  }
  wait(index: number, value: number, milliseconds: number): boolean {
    return this.take("wait", index, value, milliseconds === Number.POSITIVE_INFINITY ? 0 : 1) === 1
  }
  waitAsync(): never {
    throw new Violation("a simulated agent cannot wait asynchronously")
  }
  notify(index: number): void {
    this.take("notify", index)
  }
}

/** Words outside of any agent, for the set-up and the judges. */
const plain = (words: Int32Array): Memory => {
  const at =
    (kind: Operation["kind"]) =>
    (index: number, first = 0, second = 0) =>
      perform(words, { kind, index, first, second })
  return {
    length: words.length,
    load: at("load"),
    store: at("store"),
    compareExchange: at("compareExchange"),
    add: at("add"),
    and: at("and"),
    or: at("or"),
    wait: () => true,
    waitAsync: () => undefined,
    notify: () => {},
  }
}

/** The words from `offset` on. */
export const region = (memory: Memory, offset: number): Memory => ({
  length: memory.length - offset,
  load: (index) => memory.load(offset + index),
  store: (index, value) => memory.store(offset + index, value),
  compareExchange: (index, expected, next) => memory.compareExchange(offset + index, expected, next),
  add: (index, delta) => memory.add(offset + index, delta),
  and: (index, mask) => memory.and(offset + index, mask),
  or: (index, bits) => memory.or(offset + index, bits),
  wait: (index, value, milliseconds) => memory.wait(offset + index, value, milliseconds),
  waitAsync: (index, value) => memory.waitAsync(offset + index, value),
  notify: (index) => memory.notify(offset + index),
})

const NOTHING = () => false

/** Explores a scenario until its end or the first violation. */
export const explore = (scenario: Scenario): Explored => {
  const { agents: bodies, atEnd, constant = NOTHING, death } = scenario
  const visited = new Map<string, number>()
  /** Grows; a word that is not in it holds what it held at first. */
  const written = new Set<number>()
  let schedules = 0

  /** The agent after the results in `log`. */
  const resume = (index: number, words: Int32Array, log: ReadonlyArray<number>, spurious = false): Agent => {
    const memory = new Replayed(words, log, constant)
    const after = { log: memory.log, spurious }
    try {
      const result = (bodies[index] as Scenario["agents"][number])(memory)
      return { ...after, status: "finished", next: undefined, result }
    } catch (thrown) {
      if (thrown !== PAUSE) throw thrown
      return { ...after, status: "runnable", next: memory.next, result: undefined }
    }
  }

  /** What agent `index` may do in a state: each is a state to go on with. */
  const movesOf = (state: State, index: number): ReadonlyArray<State> => {
    const agent = state.agents[index] as Agent
    const moves: Array<State> = []
    if (agent.status === "runnable") moves.push(step(state, index, agent))
    if (agent.status === "blocked" && (agent.spurious || agent.next?.second === 1)) {
      moves.push(wake(state, index, agent))
    }
    return moves
  }

  const successor = (
    state: State,
    index: number,
    words: Int32Array,
    agents: ReadonlyArray<Agent>,
    what: string,
  ): State => {
    const canGoOn = state.last >= 0 && state.last !== index && state.agents[state.last]?.status === "runnable"
    return {
      words,
      agents,
      last: index,
      preemptions: state.preemptions + (canGoOn ? 1 : 0),
      died: state.died,
      trace: { step: `${index}:${what}`, before: state.trace },
      depth: state.depth + 1,
    }
  }

  const step = (state: State, index: number, agent: Agent): State => {
    const operation = agent.next as Operation
    const words = state.words.slice()
    const agents = [...state.agents]
    const what = `${operation.kind}(${operation.index})`
    if (operation.kind === "wait") {
      const sleeps = words[operation.index] === (operation.first | 0)
      agents[index] = sleeps
        ? { ...agent, status: "blocked" }
        : resume(index, words, [...agent.log, 0], agent.spurious)
    } else {
      const found = perform(words, operation)
      if (words[operation.index] !== found) {
        if (constant(operation.index)) throw new Violation(`${what} changes a constant word`)
        written.add(operation.index)
      }
      if (operation.kind === "notify") {
        agents.forEach((other, i) => {
          if (other.status !== "blocked" || other.next?.index !== operation.index) return
          agents[i] = resume(i, words, [...other.log, 0], other.spurious)
        })
      }
      agents[index] = resume(index, words, [...agent.log, found], agent.spurious)
    }
    return successor(state, index, words, agents, what)
  }

  /** A wait runs out, or its slice does after a death. */
  const wake = (state: State, index: number, agent: Agent): State => {
    const agents = [...state.agents]
    agents[index] = resume(index, state.words, [...agent.log, 1])
    return successor(state, index, state.words, agents, "wakes")
  }

  const lookAgain = (state: State): ReadonlyArray<State> =>
    state.agents.flatMap((agent, index) => (agent.status === "blocked" ? [wake(state, index, agent)] : []))

  const die = (state: State, index: number): State => {
    const words = state.words.slice()
    death?.marks(plain(words), index)
    words.forEach((word, i) => {
      if (word !== state.words[i]) written.add(i)
    })
    const agents = state.agents.map((agent, i): Agent => {
      if (i === index) return { ...agent, status: "dead", next: undefined, result: undefined }
      return { ...agent, spurious: true }
    })
    return {
      ...state,
      words,
      agents,
      died: true,
      trace: { step: `${index}:dies`, before: state.trace },
      depth: state.depth + 1,
    }
  }

  /** What a state is known by: what the agents have seen, and the words that anybody has written. */
  const keyOf = ({ agents, died, last, words }: State): string => {
    let key = `${last}${died}`
    for (const index of written) key += `,${words[index]}`
    for (const { log, spurious, status } of agents) key += `|${status[0]}${spurious}${log.join()}`
    return key
  }

  const start = (): State => {
    const words = new Int32Array(scenario.words)
    scenario.initial?.(plain(words))
    const agents = bodies.map((_, index) => resume(index, words, []))
    return { words, agents, last: -1, preemptions: 0, died: false, trace: undefined, depth: 0 }
  }

  const judge = ({ agents, words }: State): void => {
    const asleep = agents.flatMap(({ status }, index) => (status === "blocked" ? [index] : []))
    if (asleep.length > 0) throw new Violation(`agents ${asleep.join(" and ")} sleep for ever`)
    atEnd?.(
      agents.map(({ result }) => result),
      plain(words),
    )
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
      let moves: ReadonlyArray<State> = bodies.flatMap((_, index) => movesOf(state, index))
      if (moves.length === 0 && death?.isOpen?.(plain(state.words))) moves = lookAgain(state)
      if (moves.length === 0) {
        schedules++
        judge(state)
      }
      left.push(...moves)
      if (state.died) continue
      for (const index of death?.of ?? []) {
        const { status } = state.agents[index] as Agent
        if (status === "runnable" || status === "blocked") left.push(die(state, index))
      }
    }
  } catch (error) {
    const violation = `${error instanceof Error ? error.message : error}, after ${traceOf(current)}`
    return { schedules, states: visited.size, violation }
  }
}

const traceOf = (state: State | undefined): string => {
  const steps: Array<string> = []
  for (let trace = state?.trace; trace !== undefined; trace = trace.before) steps.unshift(trace.step)
  return steps.join(" ")
}
