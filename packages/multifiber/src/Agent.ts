/**
 * Who runs this code: the main agent of the program or one that multifiber started. Loads nothing.
 *
 * @since 0.1.0
 */
import type { Delivery } from "./agent/Delivery.ts"
import type { Answer, Question } from "./agent/Names.ts"
import type { Line } from "./Platform.ts"
import type { Call, Outcome, ToManager } from "./wire/Protocol.ts"

/**
 * How an agent is started: as a worker thread, as an OS process, or as one that was started ahead.
 *
 * @category models
 * @since 0.2.0
 */
export type StartMethod = "thread" | "spawn" | "forkserver"

/**
 * Who started an agent.
 *
 * @category models
 * @since 0.2.0
 */
export interface Parent {
  readonly name: string
  /** The OS process that it runs in. */
  readonly pid: number
}

/**
 * What an agent knows of itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Agent {
  readonly name: string
  /** Its number among the children of its parent, after the numbers of its ancestors; empty for the main agent. */
  readonly path: ReadonlyArray<number>
  /** A daemonic agent may not start others. */
  readonly daemon: boolean
  /** How it was started. The main agent counts as a thread. */
  readonly startMethod: StartMethod
  /** The agent that started this one; `undefined` for the main agent. */
  readonly parent: Parent | undefined
}

/**
 * Who an agent is among those that share memory with it.
 *
 * @internal
 */
export interface Membership {
  /** As the words of primitives name it. */
  readonly id: number
  /** The words of `@multifiber/kernel/Agents`. */
  readonly table: SharedArrayBuffer
}

/**
 * What a kind of handle does when one comes to this agent.
 *
 * @internal
 */
export interface Arrival<Handle> {
  /** In an argument: this agent has it already. */
  readonly adopt: (handle: Handle) => unknown
  /** In a message of a ring: this agent has it from now on. */
  readonly arrive: (handle: Handle) => unknown
  /** In a message that this agent keeps for whoever asks. */
  readonly keep?: (handle: Handle) => unknown
  /** In such a message, to be passed on; returns what is to be done once it is. */
  readonly pass: (handle: Handle) => () => void
}

interface Loan {
  readonly kept?: { readonly value: unknown }
  readonly asked?: (outcome: Outcome) => void
}

/**
 * A way to a manager.
 *
 * @internal
 */
export interface Route {
  /** Asks it to do something; returns what withdraws that. There is an answer in any case. */
  readonly call: (call: Call, reply: (outcome: Outcome) => void) => () => void
  /** Something is not used any more, or what came so many times. */
  readonly release: (target: string, times?: number) => void
  /** An agent is gone whose calls were passed on. */
  readonly leave: (agent: string) => void
}

/** What the modules of this library keep for their agent. */
interface State extends Agent {
  /** The agent is importing a task module: what stands at that module's top level runs now. */
  importing: boolean
  /** How many agents it has made. */
  children: number
  /** The start method of what it starts, once it is chosen. */
  chosen: StartMethod | undefined
  /** Values of `Inherited` by name: taken over from the parent, then set here. */
  readonly inherited: Map<string, unknown>
  /** The module with the platform that it was started by, if that is known. */
  platform: string | undefined
  /** Layers of the platforms whose modules this agent has loaded, by their URLs. */
  readonly platforms: Map<string, unknown>
  /** The runtime of the OS processes that it starts, where it is not its own. */
  executable: string | undefined
  readonly terminators: Set<() => unknown>
  /** Its place among the agents that share memory, once it has one. */
  membership: Membership | undefined
  /** How many shared things it has made. */
  shared: number
  /** Shared memory by name, where this agent keeps the directory. */
  readonly names: Map<string, SharedArrayBuffer>
  /** Asks the starter, where that one is nearer to the directory. */
  askStarter: ((question: Question, reply: (answer: Answer) => void) => void) | undefined
  /** Asks the starter to do something; returns what withdraws that. */
  callStarter: ((call: Call, reply: (outcome: Outcome) => void) => () => void) | undefined
  /** Tells the starter that something is not used any more, or what came so many times. */
  releaseAtStarter: ((target: string, times?: number) => void) | undefined
  /** Tells the starter that an agent below this one is gone, whose calls were passed on. */
  leaveAtStarter: ((agent: string) => void) | undefined
  /** Ways to managers, by the name that begins the ids of what they have. */
  readonly routes: Map<string, Route>
  /** Hears what the starter asks for, where this is a manager; returns the way to answer. */
  serveStarter: ((serve: (message: ToManager) => void) => Line) | undefined
  /** Values on their way in messages, or who asked for one, by name, where this agent keeps them. */
  readonly loans: Map<string, Loan>
  /** By the key of their kind. */
  readonly arrivals: Map<string, Arrival<any>>
  /** What it is sending. */
  delivery: Delivery | undefined
  /** Handles of the processes that it started and that run. */
  readonly active: Set<object>
  /** Buffers of results that move to the starter, by the result. */
  readonly transfers: Map<object, ReadonlyArray<ArrayBuffer>>
  /** The task that it runs is to end. */
  isCancelled: () => boolean
  /** The same, asked by the task itself, which will ask again. */
  checkpoint: () => boolean
  /** Counts a thing that wants a clean end. */
  hold: (delta: 1 | -1) => void
}

const AGENT = Symbol.for("multifiber/agent/1")

const holder = globalThis as { [AGENT]?: State }

/**
 * The agent that runs this code.
 *
 * @example
 * import * as Agent from "multifiber/Agent"
 *
 * console.log(Agent.current().name) // => MainProcess
 *
 * @category getters
 * @since 0.1.0
 */
export const current = (): Agent => {
  const { daemon, name, parent, path, startMethod } = state()
  return { name, path, daemon, startMethod, parent }
}

/**
 * What this library keeps for the agent that runs this code.
 *
 * @internal
 */
export const state = (): State => {
  holder[AGENT] ??= {
    name: "MainProcess",
    path: [],
    daemon: false,
    startMethod: "thread",
    parent: undefined,
    importing: false,
    children: 0,
    chosen: undefined,
    inherited: new Map(),
    platform: undefined,
    platforms: new Map(),
    executable: undefined,
    terminators: new Set(),
    membership: undefined,
    shared: 0,
    names: new Map(),
    askStarter: undefined,
    callStarter: undefined,
    releaseAtStarter: undefined,
    leaveAtStarter: undefined,
    routes: new Map(),
    serveStarter: undefined,
    loans: new Map(),
    arrivals: new Map(),
    delivery: undefined,
    active: new Set(),
    transfers: new Map(),
    isCancelled: () => false,
    checkpoint: () => false,
    hold: () => {},
  }
  return holder[AGENT]
}

/**
 * Tells the agent who it is. Called once, by the entry of a started agent.
 *
 * @internal
 */
export const identify = (
  agent: Agent,
  inherited: Readonly<Record<string, unknown>>,
  hold: State["hold"],
): void => {
  const { daemon, name, parent, path, startMethod } = agent
  const self = state()
  Object.assign(self, { name, path, daemon, parent, startMethod, chosen: startMethod, hold })
  for (const [key, value] of Object.entries(inherited)) self.inherited.set(key, value)
}

/**
 * Runs `handler` when this agent is terminated, before it ends: for plain tasks, as an Effect has its finalizers. It may
 * be asynchronous; after the grace period the agent is ended by force. Returns a function that takes the handler back.
 *
 * **Waiting** – never waits. A task in plain synchronous code gives up its thread for no handler: there the agent is
 * ended after the grace period.
 *
 * **Source** – Python's `signal.signal(SIGTERM, handler)` in a child.
 *
 * @example
 * import * as Agent from "multifiber/Agent"
 *
 * const forget = Agent.onTerminate(() => console.error("cleaning up"))
 * forget()
 *
 * @category combinators
 * @since 0.2.0
 */
export const onTerminate = (handler: () => unknown): (() => void) => {
  const { hold, terminators } = state()
  // Its own function: the same handler may be registered twice.
  const entry = () => handler()
  terminators.add(entry)
  hold(1)
  return () => {
    if (terminators.delete(entry)) hold(-1)
  }
}

/**
 * The place of a new child in the family: counts on with each call, as Python does.
 *
 * @internal
 */
export const nextPath = (): ReadonlyArray<number> => {
  const agent = state()
  agent.children++
  return [...agent.path, agent.children]
}

/**
 * Python's default names: `Process-2`, and `Process-2:1` for the first child of that process.
 *
 * @internal
 */
export const defaultName = (kind: "Process" | "PoolWorker", path: ReadonlyArray<number>): string =>
  `${kind}-${path.join(":")}`
