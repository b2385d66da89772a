/**
 * Tasks: how a function reaches an agent.
 *
 * Python pickles a function as module and name, and so does this module: a task names the module that defines it, the
 * agent imports that module and finds the function there. Closures do not travel.
 *
 * This module loads of multifiber nothing but `Agent`, and nothing of `effect`, so a worker that imports it starts fast. Import
 * it as `multifiber/Task` in modules that define tasks.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect/Effect"
import type { Layer } from "effect/Layer"
import * as Agent from "./Agent.ts"

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId = "~multifiber/Task"

/**
 * A function that any agent of the program can run: `Args` in, `A` out, `E` the typed failure.
 *
 * `E` is known only where the task has an error schema (`TaskSchema.make`); every other failure of its body arrives as
 * a `RemoteFailure`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task<in Args extends ReadonlyArray<any>, out A, out E = never> {
  readonly [TypeId]: {
    readonly _Args: (args: Args) => void
    readonly _A: () => A
    readonly _E: () => E
  }
  /** The URL of the module that defines the task. */
  readonly url: string
  /** The task's key in `Task.module`. */
  readonly name: string
  /** The function itself, for a call in this agent. */
  readonly run: (...args: any) => unknown
}

/**
 * @category models
 * @since 0.1.0
 */
export declare namespace Task {
  /**
   * Any task.
   *
   * @category models
   * @since 0.1.0
   */
  export type Any = Task<any, any, any>
  /**
   * The arguments of a task, as a tuple.
   *
   * @category models
   * @since 0.1.0
   */
  export type Args<T> = T extends Task<infer Args, any, any> ? Args : never
}

/**
 * Turns the values of a task with schemas into values that travel, and back.
 *
 * @category models
 * @since 0.1.0
 */
export interface Codec {
  readonly encodeArgs: (args: ReadonlyArray<unknown>) => ReadonlyArray<unknown>
  readonly decodeArgs: (args: ReadonlyArray<unknown>) => ReadonlyArray<unknown>
  readonly encodeSuccess: (value: unknown) => unknown
  readonly decodeSuccess: (value: unknown) => unknown
  /** `undefined` where the value is no failure that the error schema knows. */
  readonly encodeError: (error: unknown) => { readonly value: unknown } | undefined
  readonly decodeError: (value: unknown) => unknown
}

/**
 * A function together with the schemas of its values: what `TaskSchema.make` and `Task.ofClass` return, to be named in
 * `Task.module`.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithSchemas<in Args extends ReadonlyArray<any>, out A, out E, out R> {
  readonly fn: (...args: Args) => unknown
  readonly codec: Codec | undefined
  readonly _types?: { readonly _A: A; readonly _E: E; readonly _R: R }
}

/** Names no type parameter of `WithSchemas`: they would be inferred from here where `TaskSchema.make` stands inline. */
type Definition =
  | ((...args: any) => unknown)
  | { readonly fn: (...args: any) => unknown; readonly codec: Codec | undefined }

type Success<Returned> = Returned extends Effect<infer A, any, any> ? A : Awaited<Returned>

type RequirementsOf<Returned> = Returned extends Effect<any, any, infer R> ? R : never

type Requirements<D> =
  D extends WithSchemas<any, any, any, infer R>
    ? R
    : D extends (...args: any) => infer Returned
      ? RequirementsOf<Returned>
      : never

/**
 * The tasks that `Task.module` makes of `Definitions`.
 *
 * @category models
 * @since 0.1.0
 */
export type Tasks<Definitions extends Record<string, Definition>> = {
  readonly [K in keyof Definitions]: Definitions[K] extends WithSchemas<infer Args, infer A, infer E, any>
    ? Task<Args, A, E>
    : Definitions[K] extends (...args: infer Args) => infer Returned
      ? Task<Args, Success<Returned>>
      : never
}

/**
 * What the tasks of a module need: `layer` provides the services that their effects ask for, and is the initializer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<R> {
  /** Built once in each worker before the first task of the module runs there, released when the worker ends. */
  readonly layer: Layer<R, any, never>
}

/** A task as the agent that runs it sees it. */
interface Defined extends Task.Any {
  readonly codec: Codec | undefined
  readonly layer: Layer<any, any, never> | undefined
  readonly effects: () => Promise<typeof import("./worker/EffectRunner.ts")>
}

/** A name that two definitions of one module claim cannot be told apart in the worker. */
const AMBIGUOUS = "ambiguous"

type Registry = Map<string, Map<string, Defined | typeof AMBIGUOUS>>

const REGISTRY = Symbol.for("multifiber/tasks/1")

/**
 * One registry for each agent, on the global object: a bundle and the worker's own copy of this module must meet.
 */
const registry = (): Registry => {
  const holder = globalThis as { [REGISTRY]?: Registry }
  holder[REGISTRY] ??= new Map()
  return holder[REGISTRY]
}

const effects = () => import("./worker/EffectRunner.ts")

/**
 * Defines the tasks of a module; call it once, at the top level of the module.
 *
 * A task may be a plain function, an async function, or one that returns an Effect: that runs as a fiber in the worker.
 * A worker imports the module by `url`, so its top level must be free of work that only the main program should do
 * (`Main.run` guards a main module).
 *
 * **Shape** – a task holds its module's URL, its name and its function; only the first two travel. **Errors** – a
 * module that does not load, or does not define the task when it loads, fails the call with `ModuleNotLoaded` or
 * `TaskNotFound`.
 *
 * **Source** – Python names a function by module and qualified name when it pickles one; there the function must be
 * importable by that name, here it is enough that loading the module defines it, so bundles work too.
 *
 * @example
 * import * as Task from "multifiber/Task"
 *
 * export const { isPrime } = Task.module(import.meta.url, {
 *   isPrime: (n: number) => {
 *     for (let d = 2; d * d <= n; d++) if (n % d === 0) return false
 *     return n > 1
 *   }
 * })
 * console.log(isPrime.name, isPrime.run(97)) // => isPrime true
 *
 * @category constructors
 * @since 0.1.0
 */
export const module = <const Definitions extends Record<string, Definition>>(
  url: string,
  definitions: Definitions,
  ...options: [Requirements<Definitions[keyof Definitions]>] extends [never]
    ? [options?: Options<never>]
    : [options: Options<Requirements<Definitions[keyof Definitions]>>]
): Tasks<Definitions> => {
  const defined = registry().get(url) ?? new Map<string, Defined | typeof AMBIGUOUS>()
  registry().set(url, defined)
  const tasks: Record<string, Defined> = {}
  for (const [name, definition] of Object.entries(definitions)) {
    const task: Defined = {
      [TypeId]: variance,
      url,
      name,
      run: typeof definition === "function" ? definition : definition.fn,
      codec: typeof definition === "function" ? undefined : definition.codec,
      layer: options[0]?.layer as Layer<any, any, never> | undefined,
      effects,
    }
    tasks[name] = task
    defined.set(name, defined.has(name) ? AMBIGUOUS : task)
  }
  return tasks as unknown as Tasks<Definitions>
}

const variance: Task.Any[typeof TypeId] = { _Args: (_: any) => {}, _A: (): any => {}, _E: (): any => {} }

/**
 * Makes a function for `Task.module` of a class: a reusable type of process with its own data and a `run`. Each call
 * makes an object of the arguments, in the agent that runs it, and returns what its `run` returns.
 *
 * **Source** – Python's subclass of `Process` with a `run` of its own. There the object moves to the child; here its
 * arguments do.
 *
 * @example
 * import * as Task from "multifiber/Task"
 *
 * class Greeter {
 *   private readonly name: string
 *   constructor(name: string) {
 *     this.name = name
 *   }
 *   run() {
 *     return `hello ${this.name}`
 *   }
 * }
 *
 * export const { greeter } = Task.module(import.meta.url, { greeter: Task.ofClass(Greeter) })
 * console.log(greeter.run("world")) // => hello world
 *
 * @category constructors
 * @since 0.2.0
 */
export const ofClass = <Class extends new (...args: any) => { readonly run: () => unknown }>(
  Type: Class,
): WithSchemas<
  ConstructorParameters<Class>,
  Success<ReturnType<InstanceType<Class>["run"]>>,
  never,
  RequirementsOf<ReturnType<InstanceType<Class>["run"]>>
> => ({ fn: (...args) => new Type(...args).run(), codec: undefined })

/**
 * Gives long plain code a place to stop: throws where the task is cancelled, or its process is told to end. One atomic load.
 *
 * An Effect needs none, since it is interrupted. A task that has come to a checkpoint has the pool's `grace` to come to the next, else
 * 10 ms; then its worker is ended, and another takes its place. Not on Deno 2.9, where nothing ends a busy thread.
 *
 * **Waiting** – never waits. **Errors** – throws `Cancelled`: leave it alone, nobody waits for the result. In an OS process,
 * and outside of tasks, it does nothing.
 *
 * **Source** – not in Python, where a signal interrupts plain code.
 *
 * @example
 * import * as Task from "multifiber/Task"
 *
 * export const { count } = Task.module(import.meta.url, {
 *   count: (to: number) => {
 *     let n = 0
 *     while (n < to) if (++n % 1000 === 0) Task.checkpoint()
 *     return n
 *   }
 * })
 * console.log(count.run(5000)) // => 5000
 *
 * @category combinators
 * @since 0.5.0
 */
export const checkpoint = (): void => {
  if (Agent.state().checkpoint()) throw new Cancelled("the task is cancelled")
}

/**
 * Marks a result, so that its buffers move to the caller instead of being copied: they are empty in the worker afterwards. Returns
 * the result.
 *
 * **Shape** – the result of a task without a success schema, or an item's of a map. From an OS process, buffers are copied all the same.
 * **Errors** – a buffer that was moved before fails the task with `EncodingFailed`.
 *
 * **Source** – not in Python; the transfer list of `postMessage`.
 *
 * @example
 * import * as Task from "multifiber/Task"
 *
 * export const { zeros } = Task.module(import.meta.url, {
 *   zeros: (n: number) => {
 *     const numbers = new Float64Array(n)
 *     return Task.transfer(numbers, [numbers.buffer])
 *   }
 * })
 * console.log(zeros.run(2)) // => Float64Array(2) [ 0, 0 ]
 *
 * @category combinators
 * @since 0.5.0
 */
export const transfer = <A extends object>(result: A, buffers: ReadonlyArray<ArrayBuffer>): A => {
  Agent.state().transfers.set(result, buffers)
  return result
}

/**
 * What `checkpoint` throws.
 *
 * @category errors
 * @since 0.5.0
 */
export class Cancelled extends Error {
  override readonly name = "Cancelled"
}

/**
 * Tells whether a value is a task.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTask = (u: unknown): u is Task.Any => typeof u === "object" && u !== null && TypeId in u

/**
 * The schemas' codec of a task, if it has one.
 *
 * @internal
 */
export const codecOf = (task: Task.Any): Codec | undefined => (task as Defined).codec

/**
 * Looks a task up in the module that this agent has loaded.
 *
 * @internal
 */
export const lookup = (url: string, name: string): Defined | "ambiguous" | undefined =>
  registry().get(url)?.get(name)
