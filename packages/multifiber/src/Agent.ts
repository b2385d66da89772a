/**
 * Who runs this code: the main agent of the program or one that multifiber started. Loads nothing.
 *
 * @since 0.1.0
 */

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
  /** The name of the agent that started this one; `undefined` for the main agent. */
  readonly parent: string | undefined
  /** The agent is importing a task module: what stands at that module's top level runs now. */
  importing: boolean
  /** How many agents it has made. */
  children: number
}

const AGENT = Symbol.for("multifiber/agent/1")

const holder = globalThis as { [AGENT]?: Agent }

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
  holder[AGENT] ??= {
    name: "MainProcess",
    path: [],
    daemon: false,
    parent: undefined,
    importing: false,
    children: 0,
  }
  return holder[AGENT]
}

/**
 * Tells the agent who it is. Called once, by the entry of a started agent.
 *
 * @internal
 */
export const identify = ({ daemon, name, parent, path }: Omit<Agent, "importing" | "children">): void => {
  holder[AGENT] = { name, path, daemon, parent, importing: false, children: 0 }
}

/**
 * The place of a new child in the family: counts on with each call, as Python does.
 *
 * @internal
 */
export const nextPath = (): ReadonlyArray<number> => {
  const agent = current()
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
