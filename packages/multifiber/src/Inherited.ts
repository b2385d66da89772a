/**
 * Values that a process takes over from the one that starts it. Loads nothing of `effect`: plain tasks use it.
 *
 * @since 0.2.0
 */
import * as Agent from "./Agent.ts"

/**
 * @category type ids
 * @since 0.2.0
 */
export const TypeId = "~multifiber/Inherited"

/**
 * A variable of each agent with a name of its own.
 *
 * @category models
 * @since 0.2.0
 */
export interface Inherited<in out A> {
  readonly [TypeId]: (value: A) => A
  readonly name: string
  readonly initial: A
}

/**
 * Makes a variable that every process inherits: a new process, and a new worker of a pool, begins with a copy of what
 * the variable holds at that moment in the agent that starts it. What is set later, here or there, stays where it is
 * set. Make it at the top level of a module that both import.
 *
 * **Shape** – the value travels as arguments do; one that cannot fails the start with `StartFailed`. `name` must be its
 * own in the program.
 *
 * **Source** – what a global variable is to a process that Python forks.
 *
 * @example
 * import * as Inherited from "multifiber/Inherited"
 *
 * const greeting = Inherited.make("example/greeting", "hello")
 * Inherited.set(greeting, "good day")
 * console.log(Inherited.get(greeting)) // => good day
 *
 * @category constructors
 * @since 0.2.0
 */
export const make = <A>(name: string, initial: A): Inherited<A> => ({
  [TypeId]: (value) => value,
  name,
  initial,
})

/**
 * What the variable holds in this agent. Never waits.
 *
 * @category getters
 * @since 0.2.0
 */
export const get = <A>(self: Inherited<A>): A => {
  const { inherited } = Agent.state()
  return inherited.has(self.name) ? (inherited.get(self.name) as A) : self.initial
}

/**
 * Sets the variable in this agent, for it and for the processes that it will start. Never waits.
 *
 * @category combinators
 * @since 0.2.0
 */
export const set = <A>(self: Inherited<A>, value: A): void => {
  Agent.state().inherited.set(self.name, value)
}
