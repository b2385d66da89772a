/**
 * A few simulated agents over simulated shared words, step by step. `Explorer` and `Sampler` say which step comes next.
 *
 * An agent is a plain function of a `Memory`, without state of its own but arguments and locals. Its operations are its
 * steps: to make the next one, the simulation does the operation that the agent waits for, writes down its result, and
 * runs the function again from the start with the results so far; the first operation beyond them is the one it waits for
 * then. So a whole state can be copied, compared, and gone on with in every way. Where the same results come again, in another
 * schedule, it is known what follows them.
 */
import type { Memory } from "@multifiber/kernel/Memory"

export interface Scenario {
  readonly name: string
  readonly words: number
  /** What the words hold at first. */
  readonly initial?: (memory: Memory) => void
  readonly agents: ReadonlyArray<(memory: Memory) => unknown>
  /** How often each agent runs, one time after the other; once where it is missing. */
  readonly rounds?: number
  /** The agents of which one may die before any of its steps, and what the survivors find then. */
  readonly death?: {
    readonly of: ReadonlyArray<number>
    readonly marks: (memory: Memory, agent: number) => void
    /** Something of a death is left to do: whoever sleeps looks again once nobody else can go on. */
    readonly isOpen?: (memory: Memory) => boolean
  }
  /** Words that nobody changes: reading them is no step. */
  readonly constant?: (index: number) => boolean
  /**
   * Words that are read and written without order: who comes to one must have come to another before that tells of it. So a run
   * of them is one step.
   */
  readonly unordered?: (index: number) => boolean
  /** Judges a finished run by what the agents returned last, nothing for a dead one; throws where it is wrong. */
  readonly atEnd?: (results: ReadonlyArray<unknown>, memory: Memory) => void
}

interface Operation {
  readonly kind: "load" | "store" | "compareExchange" | "add" | "and" | "or" | "wait" | "notify"
  readonly index: number
  readonly first: number
  readonly second: number
}

export interface Agent {
  readonly round: number
  readonly seen: Seen
  /** `blocked` sleeps on the word of its next operation. */
  readonly status: "runnable" | "blocked" | "finished" | "dead"
  readonly next: Operation | undefined
  readonly result: unknown
  /** Somebody has died since it woke up by itself: the next time that it sleeps, it may do so. */
  readonly spurious: boolean
}

export interface State {
  readonly words: Int32Array
  readonly agents: ReadonlyArray<Agent>
  /** Whose step was the last, and how often one was made by another than could have gone on. */
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

export class Violation extends Error {}

/** Where an agent is in a round: at its next operation, or at the end. */
type Place = Pick<Agent, "next" | "result"> & { readonly status: "runnable" | "finished" }

/** The results of an agent's operations in a round so far. There is one for the same results, in whatever round. */
class Seen {
  /** Of those of all agents. */
  readonly number: number
  readonly index: number
  private readonly before: Seen | undefined
  private readonly last: number
  private readonly longer = new Map<number, Seen>()
  /** What the agent does then. */
  place: Place | undefined

  constructor(number: number, index: number, before?: Seen, last = 0) {
    this.number = number
    this.index = index
    this.before = before
    this.last = last
  }

  /** With one more, found or made. */
  and(result: number, make: (before: Seen, last: number) => Seen): Seen {
    const known = this.longer.get(result)
    if (known !== undefined) return known
    const longer = make(this, result)
    this.longer.set(result, longer)
    return longer
  }

  get results(): ReadonlyArray<number> {
    const results: Array<number> = []
    for (let seen: Seen = this; seen.before !== undefined; seen = seen.before) results.push(seen.last)
    return results.reverse()
  }
}

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
  private readonly log: ReadonlyArray<number>
  private readonly words: Int32Array
  private readonly constant: (index: number) => boolean
  private at = 0

  constructor(words: Int32Array, log: ReadonlyArray<number>, constant: (index: number) => boolean) {
    this.words = words
    this.length = words.length
    this.log = log
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
export const plain = (words: Int32Array): Memory => {
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

export const indexesOf = (
  agents: ReadonlyArray<Agent>,
  are: (agent: Agent) => boolean,
): ReadonlyArray<number> => {
  const indexes: Array<number> = []
  for (let i = 0; i < agents.length; i++) if (are(agents[i] as Agent)) indexes.push(i)
  return indexes
}

/** How many there were once this agent has made the next step. */
export const preemptionsOf = ({ agents, last, preemptions }: State, index: number): number =>
  last >= 0 && last !== index && agents[last]?.status === "runnable" ? preemptions + 1 : preemptions

const isUnfinished = ({ status }: Agent): boolean => status === "runnable" || status === "blocked"

/** The moves of a scenario's agents; `copy` copies the words before a move changes them. */
export const simulate = (scenario: Scenario, copy: (words: Int32Array) => Int32Array) => {
  const { agents: bodies, atEnd, constant = NOTHING, death, rounds = 1, unordered = NOTHING } = scenario
  /** Grows; a word that is not in it holds what it held at first. */
  const written = new Set<number>()

  let histories = 0
  const beginnings = bodies.map((_, index) => new Seen(histories++, index))
  const append = (before: Seen, last: number): Seen => new Seen(histories++, before.index, before, last)

  const replay = ({ index, results }: Seen, words: Int32Array): Place => {
    const memory = new Replayed(words, results, constant)
    try {
      const result = (bodies[index] as Scenario["agents"][number])(memory)
      return { status: "finished", next: undefined, result }
    } catch (thrown) {
      if (thrown !== PAUSE) throw thrown
      return { status: "runnable", next: memory.next, result: undefined }
    }
  }

  /** The agent after what it has seen. */
  const resume = (seen: Seen, words: Int32Array, round: number, spurious: boolean): Agent => {
    seen.place ??= replay(seen, words)
    const { next, result, status } = seen.place
    if (status === "finished" && round < rounds) {
      return resume(beginnings[seen.index] as Seen, words, round + 1, spurious)
    }
    return { round, seen, status, next, result, spurious }
  }

  const goOn = (words: Int32Array, { round, seen, spurious }: Agent, found: number): Agent =>
    resume(seen.and(found, append), words, round, spurious)

  const successor = (
    state: State,
    index: number,
    words: Int32Array,
    agents: ReadonlyArray<Agent>,
    what: string,
  ): State => {
    return {
      words,
      agents,
      last: index,
      preemptions: preemptionsOf(state, index),
      died: state.died,
      trace: { step: `${index}:${what}`, before: state.trace },
      depth: state.depth + 1,
    }
  }

  const change = (words: Int32Array, operation: Operation): number => {
    const found = perform(words, operation)
    if (words[operation.index] !== found) changed(operation.index)
    return found
  }

  const changed = (index: number): void => {
    if (constant(index)) throw new Violation(`${index} is a constant word, and is changed`)
    written.add(index)
  }

  /** A runnable agent does its operation. */
  const step = (state: State, index: number): State => {
    const agent = state.agents[index] as Agent
    const operation = agent.next as Operation
    const words = copy(state.words)
    const agents = [...state.agents]
    const what = `${operation.kind}(${operation.index})`
    if (operation.kind === "wait") {
      const sleeps = words[operation.index] === (operation.first | 0)
      agents[index] = sleeps ? { ...agent, status: "blocked" } : goOn(words, agent, 0)
    } else {
      const found = change(words, operation)
      if (operation.kind === "notify") {
        agents.forEach((other, i) => {
          if (other.status !== "blocked" || other.next?.index !== operation.index) return
          agents[i] = goOn(words, other, 0)
        })
      }
      let after = goOn(words, agent, found)
      while (unordered(operation.index) && after.next && unordered(after.next.index)) {
        after = goOn(words, after, change(words, after.next))
      }
      agents[index] = after
    }
    return successor(state, index, words, agents, what)
  }

  /** A sleeper that may wake by itself: its wait is bounded, or there was a death. */
  const mayWake = ({ next, spurious, status }: Agent): boolean =>
    status === "blocked" && (spurious || next?.second === 1)

  /** A wait runs out, or its slice does after a death. */
  const wake = (state: State, index: number): State => {
    const agents = [...state.agents]
    agents[index] = goOn(state.words, { ...(agents[index] as Agent), spurious: false }, 1)
    return successor(state, index, state.words, agents, "wakes")
  }

  /** Who sleeps looks again where something of a death is left to do. */
  const mayLook = ({ agents, words }: State): ReadonlyArray<number> =>
    death?.isOpen?.(plain(words)) ? indexesOf(agents, ({ status }) => status === "blocked") : []

  /** Who may die now. */
  const mayDie = ({ agents, died }: State): ReadonlyArray<number> =>
    died ? [] : (death?.of ?? []).filter((index) => isUnfinished(agents[index] as Agent))

  const die = (state: State, index: number): State => {
    const words = copy(state.words)
    death?.marks(plain(words), index)
    words.forEach((word, i) => {
      if (word !== state.words[i]) changed(i)
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

  const start = (): State => {
    const words = new Int32Array(scenario.words)
    scenario.initial?.(plain(words))
    const agents = beginnings.map((seen) => resume(seen, words, 1, false))
    return { words, agents, last: -1, preemptions: 0, died: false, trace: undefined, depth: 0 }
  }

  const judge = ({ agents, words }: State): void => {
    const asleep = indexesOf(agents, ({ status }) => status === "blocked")
    if (asleep.length > 0) throw new Violation(`agents ${asleep.join(" and ")} sleep for ever`)
    atEnd?.(
      agents.map(({ result }) => result),
      plain(words),
    )
  }

  return { start, step, wake, mayWake, mayLook, mayDie, die, judge, written }
}

/** A violation, with the agent of each step that led to it. */
export const tell = (error: unknown, state: State | undefined): string => {
  const steps: Array<string> = []
  for (let trace = state?.trace; trace !== undefined; trace = trace.before) steps.unshift(trace.step)
  return `${error instanceof Error ? error.message : error}, after ${steps.join(" ")}`
}
