/**
 * Start methods and contexts: how agents are started, and Python's `get_context`.
 *
 * | start method | what it starts | shares memory |
 * | --- | --- | --- |
 * | `thread`, the default | a worker thread of the runtime | yes |
 * | `spawn` | an OS process of the same runtime | no |
 * | `forkserver` | a thread or an OS process that was started ahead, its modules loaded | as its kind |
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Agent from "./Agent.ts"
import * as SharedArray from "./Array.ts"
import * as Barrier from "./Barrier.ts"
import * as BoundedSemaphore from "./BoundedSemaphore.ts"
import * as Condition from "./Condition.ts"
import { IllegalState, InvalidArgument, StartFailed, Unsupported } from "./Errors.ts"
import * as Event from "./Event.ts"
import * as JoinableQueue from "./JoinableQueue.ts"
import * as Lock from "./Lock.ts"
import * as Manager from "./Manager.ts"
import * as Pipe from "./Pipe.ts"
import { Platform } from "./Platform.ts"
import * as Pool from "./Pool.ts"
import * as Process from "./Process.ts"
import * as Queue from "./Queue.ts"
import * as RLock from "./RLock.ts"
import * as Semaphore from "./Semaphore.ts"
import * as SimpleQueue from "./SimpleQueue.ts"
import { StartMethod, startMethodOf } from "./StartMethod.ts"
import * as Value from "./Value.ts"

const METHODS: ReadonlyArray<Agent.StartMethod> = ["thread", "spawn", "forkserver"]

/** What is the same with every start method: its handles reach all agents. */
const SAME = {
  Array: SharedArray,
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  JoinableQueue,
  Lock,
  Pipe,
  Queue,
  RLock,
  Semaphore,
  SimpleQueue,
  Value,
} as const

type Same = typeof SAME

/**
 * The whole interface with one start method. Locks, queues and all else that is shared are the same in each.
 *
 * @category models
 * @since 0.2.0
 */
export interface Context extends Same {
  readonly startMethod: Agent.StartMethod
  /** Python's `ctx.Process`. */
  readonly Process: typeof Process
  /** Python's `ctx.Pool`. */
  readonly Pool: typeof Pool
  /** Python's `ctx.Manager`. */
  readonly Manager: typeof Manager
  /** Gives an effect the start method of this context: every process and pool that it makes. */
  readonly provide: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The same as a layer. */
  readonly layer: Layer.Layer<never>
  /** Python refuses to change the start method of a context, and so does this. */
  readonly setStartMethod: (method: unknown) => Effect.Effect<never, InvalidArgument>
}

/**
 * The start methods, the default first. All exist on every runtime.
 *
 * **Source** – Python's `get_all_start_methods`. There is no `fork`: a JavaScript runtime cannot copy a running heap.
 *
 * @category getters
 * @since 0.2.0
 */
export const getAllStartMethods = (): ReadonlyArray<Agent.StartMethod> => METHODS

const checked = (method: unknown): Effect.Effect<Agent.StartMethod, InvalidArgument | Unsupported> => {
  if (METHODS.includes(method as Agent.StartMethod)) return Effect.succeed(method as Agent.StartMethod)
  return method === "fork"
    ? Effect.fail(
        new Unsupported({
          feature: 'start method "fork"',
          reason: "no JavaScript runtime can copy a heap that runs",
          instead:
            '"forkserver" with preloaded modules for a fast start, and Inherited for values of the parent',
        }),
      )
    : Effect.fail(
        new InvalidArgument({
          argument: "start method",
          value: method,
          expected: `one of ${METHODS.join(", ")}`,
        }),
      )
}

/**
 * The start method that counts for this fiber: of the context that provides it, of `setStartMethod`, or the default.
 *
 * **Source** – Python's `get_start_method`, which fixes the default by being asked; this does not.
 *
 * @category getters
 * @since 0.2.0
 */
export const getStartMethod: Effect.Effect<Agent.StartMethod> = startMethodOf

/**
 * The start method that `setStartMethod` chose for this agent, or that it was started by; none where neither is so.
 *
 * **Source** – Python's `get_start_method(allow_none=True)`.
 *
 * @category getters
 * @since 0.2.0
 */
export const getChosenStartMethod: Effect.Effect<Option.Option<Agent.StartMethod>> = Effect.sync(() =>
  Option.fromNullable(Agent.state().chosen),
)

/**
 * Chooses the start method of this agent, once; `force` chooses again, and `undefined` with `force` undoes the choice.
 * What was made before keeps its start method.
 *
 * **Errors** – `IllegalState` where one is chosen already; `InvalidArgument`; `Unsupported` for `fork`.
 *
 * **Source** – Python's `set_start_method`.
 *
 * @category combinators
 * @since 0.2.0
 */
export const setStartMethod = (
  method: Agent.StartMethod | undefined,
  { force = false }: { readonly force?: boolean } = {},
): Effect.Effect<void, IllegalState | InvalidArgument | Unsupported> =>
  Effect.flatMap(force && method === undefined ? Effect.succeed(undefined) : checked(method), (valid) => {
    const state = Agent.state()
    if (state.chosen !== undefined && !force) {
      return Effect.fail(new IllegalState({ operation: "set the start method", state: state.chosen }))
    }
    state.chosen = valid
    return Effect.void
  })

/**
 * The context of a start method; without one, of the method that counts here.
 *
 * **Errors** – `InvalidArgument`; `Unsupported` for `fork`, which says what to use.
 *
 * **Source** – Python's `get_context`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Context } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { greet } = Task.module(import.meta.url, { greet: (name: string) => `hello ${name}` })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const { Process } = yield* Context.getContext("spawn")
 *   const process = yield* Process.make(greet, ["world"])
 *   yield* Process.start(process)
 *   console.log(yield* yield* Process.result(process)) // => hello world
 * }))
 *
 * @category constructors
 * @since 0.2.0
 */
export const getContext = (
  method?: Agent.StartMethod,
): Effect.Effect<Context, InvalidArgument | Unsupported> =>
  Effect.map(method === undefined ? startMethodOf : checked(method), contextOf)

const contextOf = (startMethod: Agent.StartMethod): Context => {
  const provide: Context["provide"] = (effect) => Effect.provideService(effect, StartMethod, startMethod)
  return {
    ...SAME,
    startMethod,
    Process: { ...Process, make: (...args) => provide(Process.make(...args)) },
    Pool: { ...Pool, make: (...args) => provide(Pool.make(...args)) },
    Manager: { ...Manager, make: (...args) => provide(Manager.make(...args)) },
    provide,
    layer: Layer.succeed(StartMethod, startMethod) as Layer.Layer<never>,
    setStartMethod: (method) =>
      Effect.fail(
        new InvalidArgument({
          argument: "start method",
          value: method,
          expected: `nothing: this context starts by "${startMethod}"`,
        }),
      ),
  }
}

/**
 * Sets the executable of the runtime that runs the OS processes which this agent starts by `spawn`: another build or
 * version of the same runtime. Never waits; one that cannot be run fails the start with `StartFailed`.
 *
 * **Errors** – `InvalidArgument` for what is neither a path nor a `file:` URL.
 *
 * **Source** – Python's `set_executable`.
 *
 * @category combinators
 * @since 0.2.0
 */
export const setExecutable = (path: string | URL): Effect.Effect<void, InvalidArgument> =>
  Effect.suspend(() => {
    const text = path instanceof URL && path.protocol === "file:" ? decodeURIComponent(path.pathname) : path
    if (typeof text !== "string" || text === "") {
      return Effect.fail(
        new InvalidArgument({ argument: "executable", value: path, expected: "a path or a file: URL" }),
      )
    }
    Agent.state().executable = text
    return Effect.void
  })

/**
 * @category models
 * @since 0.2.0
 */
export interface ReserveOptions {
  /** What waits. Default: `thread`. */
  readonly kind?: "thread" | "spawn"
  /** How many wait, 0 for none. Default: the cores that this process may use. */
  readonly size?: number
}

/**
 * Starts the agents that `forkserver` will hand out, with these modules loaded: the URLs of task modules, as
 * `import.meta.url` or `new URL("./tasks.ts", import.meta.url).href` give them. A module that does not load is told of
 * by the task that needs it. The reserve ends with the `Platform`.
 *
 * **Waiting** – never waits: the agents start in the background. **Errors** – `InvalidArgument`; `StartFailed`.
 *
 * **Source** – Python's `set_forkserver_preload`.
 *
 * @category combinators
 * @since 0.2.0
 */
export const setForkserverPreload = (
  modules: ReadonlyArray<string>,
  { kind = "thread", size }: ReserveOptions = {},
): Effect.Effect<void, InvalidArgument | StartFailed, Platform> =>
  Effect.flatMap(Platform, (platform): Effect.Effect<void, InvalidArgument | StartFailed> => {
    const count = size ?? platform.cores
    const wrong = modules.find((module) => typeof module !== "string" || !URL.canParse(module))
    if (wrong !== undefined) {
      return Effect.fail(
        new InvalidArgument({ argument: "modules", value: wrong, expected: "URLs of modules" }),
      )
    }
    if (!Number.isSafeInteger(count) || count < 0) {
      return Effect.fail(new InvalidArgument({ argument: "size", value: count, expected: "a whole number" }))
    }
    return Effect.try({
      try: () => platform.configureReserve({ kind, size: count, preload: modules }),
      catch: (cause) => new StartFailed({ agent: "reserve of forkserver", cause }),
    })
  })
