/**
 * Objects that live in one agent and are used by many: Python's `multiprocessing.Manager`.
 *
 * A manager is an agent that has dicts, lists, sets, namespaces, locks, queues and objects of yours. What others get of them are
 * handles and proxies, which reach every agent of the program and, where the manager is served, other programs.
 *
 * @since 0.9.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type * as SharedArray from "./Array.ts"
import { encodeArgs } from "./agent/Job.ts"
import type * as Barrier from "./Barrier.ts"
import type { BaseProxy, CallError, ProxyError } from "./BaseProxy.ts"
import type * as BoundedSemaphore from "./BoundedSemaphore.ts"
import type * as Condition from "./Condition.ts"
import type { DictProxy } from "./DictProxy.ts"
import {
  type AuthFailed,
  type ConnectFailed,
  type EncodingFailed,
  IllegalState,
  type InvalidArgument,
  type ListenFailed,
  type MainGuardMissing,
  type StartFailed,
  type TaskError,
  type Unsupported,
} from "./Errors.ts"
import type * as Event from "./Event.ts"
import type * as JoinableQueue from "./JoinableQueue.ts"
import * as Listener from "./Listener.ts"
import type { ListProxy } from "./ListProxy.ts"
import type * as Lock from "./Lock.ts"
import type { Asked, Made } from "./manager/pools.ts"
import * as sessions from "./manager/sessions.ts"
import { type Own, ownBy, start } from "./manager/starting.ts"
import type { NamespaceProxy } from "./NamespaceProxy.ts"
import { connecting } from "./net/connecting.ts"
import { type Options as GreetingOptions, textOf } from "./net/greeting.ts"
import { type Address, Platform } from "./Platform.ts"
import * as Pool from "./Pool.ts"
import type * as Process from "./Process.ts"
import type * as Queue from "./Queue.ts"
import type * as RLock from "./RLock.ts"
import type * as Semaphore from "./Semaphore.ts"
import type { SetProxy } from "./SetProxy.ts"
import type * as SimpleQueue from "./SimpleQueue.ts"
import { startMethodOf } from "./StartMethod.ts"
import { forScope, invokeAny, invoking } from "./sync/invoking.ts"
import { type Handle, isHandle, TypeId as ProxyTypeId } from "./sync/managed.ts"
import type * as Task from "./Task.ts"
import type * as Value from "./Value.ts"
import { receiveError } from "./wire/SentError.ts"

/**
 * @category type ids
 * @since 0.9.0
 */
export const TypeId = "~multifiber/Manager"

/**
 * A manager. It may be sent to any agent, like what it has.
 *
 * @category models
 * @since 0.9.0
 */
export interface Manager {
  readonly [TypeId]: {
    readonly name: string
    readonly root: Handle
  }
}

/**
 * @category models
 * @since 0.9.0
 */
export interface Options {
  /** The name of its agent. Default: as that of a process. */
  readonly name?: string | undefined
  /** What `create` and `BaseProxy.modify` may run in it, by their names: nobody can send code. Default: nothing. */
  readonly register?: ReadonlyArray<Task.Task.Any> | undefined
  /** Is run in it before it serves anybody. */
  readonly initializer?: { readonly task: Task.Task.Any; readonly args?: ReadonlyArray<unknown> } | undefined
  /** How long it may take to end by itself when it is shut down, before it is terminated. Default: 1 second. */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

const rootOf = (self: Manager): Handle => self[TypeId].root

const rootId = (self: Manager): string => rootOf(self)[ProxyTypeId].id

const managerOf = (name: string, root: Handle): Manager => ({ [TypeId]: { name, root } })

/**
 * Tells whether a value is a manager.
 *
 * @category guards
 * @since 0.9.0
 */
export const isManager = (u: unknown): u is Manager => typeof u === "object" && u !== null && TypeId in u

/**
 * Starts a manager, which ends with the scope.
 *
 * **Shape** – an agent by the start method that counts: a thread, or an OS process. Threads and OS processes that are sent its proxies
 * use them through the agents that they were sent by, one message each way for each step. **Waiting** – suspends the fiber until
 * it serves. **Interruption** – ends it. **Errors** – those of the start, and those of the initializer and of modules of tasks that do
 * not load. Where it ends early, a warning tells so, and what is asked of it fails with `ManagerClosed`.
 *
 * **Source** – Python's `Manager()`, and `BaseManager.start(initializer, …)`; `register` there takes any callable.
 *
 * @example
 * import { Effect } from "effect"
 * import { DictProxy, Manager, Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { measure } = Task.module(import.meta.url, {
 *   measure: ([lengths, word]: [DictProxy.DictProxy<string, number>, string]) =>
 *     DictProxy.set(lengths, word, word.length),
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const manager = yield* Manager.make()
 *   const lengths = yield* Manager.dict<string, number>(manager)
 *   const pool = yield* Pool.make({ size: 2 })
 *   yield* Pool.map(pool, measure, [[lengths, "lock"], [lengths, "queue"]])
 *   console.log((yield* DictProxy.items(lengths)).toSorted()) // => [ [ 'lock', 4 ], [ 'queue', 5 ] ]
 * }))
 *
 * @category constructors
 * @since 0.9.0
 */
export const make = (
  options: Options = {},
): Effect.Effect<
  Manager,
  StartFailed | IllegalState | MainGuardMissing | Unsupported | TaskError | ProxyError,
  Platform | Scope.Scope
> => Effect.map(start(options), ({ process, root }) => managerOf(process.name, root))

/**
 * Lets a manager end: what is asked of it from now on fails with `ManagerClosed`, and what waits for an answer, too. Nothing where it
 * has ended.
 *
 * **Waiting** – suspends the fiber until it has ended: by itself, or after `shutdownTimeout` by force, with a warning. **Errors** – `IllegalState` in
 * an agent that has not started it.
 *
 * **Source** – Python's `shutdown()`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const shutdown = (self: Manager): Effect.Effect<void, IllegalState> =>
  Effect.flatMap(ownOf(self, "shut down"), (own) => own.shutdown)

const ownOf = (self: Manager, operation: string): Effect.Effect<Own, IllegalState> =>
  Effect.suspend(() => {
    const own = ownBy(rootId(self))
    if (own !== undefined) return Effect.succeed(own)
    const { name } = self[TypeId]
    return new IllegalState({
      operation: `${operation} the manager "${name}"`,
      state: "started by another agent",
    })
  })

/**
 * The process of a manager that this agent has started, also where it has ended: for its exit code, its pid, its sentinel.
 *
 * **Errors** – `IllegalState` for any other.
 *
 * @category getters
 * @since 0.9.0
 */
export const process = (self: Manager): Effect.Effect<Process.Process<unknown, unknown>, IllegalState> =>
  Effect.map(ownOf(self, "look at"), (own) => own.process)

/**
 * What is known of a manager.
 *
 * @category models
 * @since 0.9.0
 */
export interface Statistics {
  /** How many of its containers and objects have proxies elsewhere. */
  readonly objects: number
}

/**
 * Asks a manager what it has. **Source** – Python's `_number_of_objects()`.
 *
 * @category getters
 * @since 0.9.0
 */
export const statistics = (self: Manager): Effect.Effect<Statistics, ProxyError> =>
  Effect.map(invoking()<number>(rootOf(self), "size", []), (objects) => ({ objects }))

const plain = invoking()
const checked = invoking("InvalidArgument")

/**
 * Makes a dict in the manager; this agent gives its proxy back at the end of the scope. **Errors** – `InvalidArgument` for a key
 * that is no primitive value. **Source** – Python's `manager.dict(items)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const dict = <K, V>(
  self: Manager,
  items: Iterable<readonly [K, V]> = [],
): Effect.Effect<DictProxy<K, V>, ProxyError | InvalidArgument, Scope.Scope> =>
  forScope(checked(rootOf(self), "dict", [[...items]]))

/**
 * Makes a list in the manager; this agent gives its proxy back at the end of the scope. **Source** – Python's
 * `manager.list(values)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const list = <A>(
  self: Manager,
  values: Iterable<A> = [],
): Effect.Effect<ListProxy<A>, ProxyError, Scope.Scope> =>
  forScope(plain(rootOf(self), "list", [[...values]]))

/**
 * Makes a set of primitive values in the manager; this agent gives its proxy back at the end of the scope. **Errors** –
 * `InvalidArgument` for a value that is not primitive. **Source** – Python's `manager.set(values)`, of 3.14.
 *
 * @category constructors
 * @since 0.9.0
 */
export const set = <A>(
  self: Manager,
  values: Iterable<A> = [],
): Effect.Effect<SetProxy<A>, ProxyError | InvalidArgument, Scope.Scope> =>
  forScope(checked(rootOf(self), "set", [[...values]]))

/**
 * Makes a namespace in the manager; this agent gives its proxy back at the end of the scope. **Source** – Python's
 * `manager.Namespace(**fields)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const namespace = <T extends object>(
  self: Manager,
  fields: T,
): Effect.Effect<NamespaceProxy<T>, ProxyError, Scope.Scope> =>
  forScope(plain(rootOf(self), "namespace", [fields]))

/**
 * What `create` gives of what a task returns: an object becomes a proxy, unless it is a handle.
 *
 * @category models
 * @since 0.9.0
 */
export type Created<A> = A extends object
  ? Extract<keyof A, `~multifiber/${string}`> extends never
    ? BaseProxy<A>
    : A
  : A

/**
 * Runs a registered task in the manager: the object that it returns stays there, and this agent gets a proxy, which it gives back at
 * the end of the scope. Handles, proxies and primitive values come as they are.
 *
 * **Shape** – the Effect of a task has a scope that ends with the manager, and the services of its module. The same object has the same
 * proxy: a task that always returns the same lets programs meet. **Errors** – what the task throws or fails with comes as
 * `RemoteFailure`, errors of this library as themselves; `NotFound` for a task that is not registered.
 *
 * **Source** – Python's `manager.typeid(…)`, with what `register` has named.
 *
 * @category constructors
 * @since 0.9.0
 */
export const create = <Args extends ReadonlyArray<any>, A>(
  self: Manager,
  task: Task.Task<Args, A, any>,
  args: Args,
): Effect.Effect<Created<A>, CallError, Scope.Scope> =>
  Effect.flatMap(encoded(task, args), (encoded) => {
    const making = invokeAny<Created<A>>(rootOf(self), "create", [task.name, encoded])
    return whereProxy(making as Effect.Effect<Created<A>, CallError>)
  })

/** A proxy is for the scope, anything else is not counted. */
const whereProxy = <A, E>(making: Effect.Effect<A, E>): Effect.Effect<A, E, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(restore(making), (made) =>
      isHandle(made) ? forScope(Effect.succeed(made)) : Effect.succeed(made),
    ),
  )

const hosted = <A, E = never>(self: Manager, what: string, args: ReadonlyArray<unknown> = []) =>
  plain<A>(rootOf(self), what, args) as Effect.Effect<A, ProxyError | E>

/**
 * Makes a lock in the manager: a handle as `Lock.make` makes one, that other programs can use, too. So do the functions below.
 *
 * **Shape** – agents that share memory with the manager use the memory, others ask the manager. **Source** – Python's `manager.Lock()`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const lock = (self: Manager): Effect.Effect<Lock.Lock, ProxyError> => hosted(self, "Lock")

/**
 * Makes a recursive lock in the manager: see `lock`. **Source** – Python's `manager.RLock()`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const rLock = (self: Manager): Effect.Effect<RLock.RLock, ProxyError> => hosted(self, "RLock")

/**
 * Makes a semaphore in the manager: see `lock`. **Errors** – `InvalidArgument`. **Source** – Python's `manager.Semaphore(n)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const semaphore = (
  self: Manager,
  permits: number,
): Effect.Effect<Semaphore.Semaphore, ProxyError | InvalidArgument> => hosted(self, "Semaphore", [permits])

/**
 * Makes a bounded semaphore in the manager: see `lock`. **Errors** – `InvalidArgument`. **Source** – Python's `manager.BoundedSemaphore(n)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const boundedSemaphore = (
  self: Manager,
  permits: number,
): Effect.Effect<BoundedSemaphore.BoundedSemaphore, ProxyError | InvalidArgument> =>
  hosted(self, "BoundedSemaphore", [permits])

/**
 * Makes an event in the manager: see `lock`. **Source** – Python's `manager.Event()`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const event = (self: Manager): Effect.Effect<Event.Event, ProxyError> => hosted(self, "Event")

/**
 * Makes a condition with a lock of its own in the manager: see `lock`. **Source** – Python's `manager.Condition()`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const condition = (self: Manager): Effect.Effect<Condition.Condition, ProxyError> =>
  hosted(self, "Condition")

/**
 * Makes a barrier in the manager: see `lock`. **Errors** – `InvalidArgument`. **Source** – Python's `manager.Barrier(n, timeout=…)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const barrier = (
  self: Manager,
  parties: number,
  { timeout }: { readonly timeout?: Duration.DurationInput } = {},
): Effect.Effect<Barrier.Barrier, ProxyError | InvalidArgument> =>
  hosted(self, "Barrier", [parties, timeout === undefined ? {} : { timeout: Duration.toMillis(timeout) }])

/**
 * Makes a queue in the manager: see `lock`. **Errors** – `InvalidArgument`. **Source** – Python's `manager.Queue(n)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const queue = <A>(
  self: Manager,
  options: { readonly capacity?: number | undefined } = {},
): Effect.Effect<Queue.Queue<A>, ProxyError | InvalidArgument> => hosted(self, "Queue", [options])

/**
 * Makes a queue whose tasks are counted in the manager: see `lock`. **Errors** – `InvalidArgument`. **Source** – Python's `manager.JoinableQueue(n)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const joinableQueue = <A>(
  self: Manager,
  options: { readonly capacity?: number | undefined } = {},
): Effect.Effect<JoinableQueue.JoinableQueue<A>, ProxyError | InvalidArgument> =>
  hosted(self, "JoinableQueue", [options])

/**
 * Makes a queue that puts and gets, and nothing more in the manager: see `lock`. **Source** – not in Python's managers.
 *
 * @category constructors
 * @since 0.9.0
 */
export const simpleQueue = <A>(self: Manager): Effect.Effect<SimpleQueue.SimpleQueue<A>, ProxyError> =>
  hosted(self, "SimpleQueue")

/**
 * Makes a value with a recursive lock in the manager: see `lock`. **Errors** – `InvalidArgument`. **Source** – Python's `manager.Value(type, initial)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const value = <const T extends Value.Type>(
  self: Manager,
  type: T,
  initial?: Value.ValueOf<T>,
): Effect.Effect<Value.Value<T>, ProxyError | InvalidArgument> => hosted(self, "Value", [type, initial])

/**
 * Makes an array with a recursive lock in the manager: see `lock`. **Errors** – `InvalidArgument`. **Source** – Python's `manager.Array(type, items)`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const array = <const T extends Value.Type>(
  self: Manager,
  type: T,
  items: number | ArrayLike<Value.ValueOf<T>>,
): Effect.Effect<SharedArray.Array<T>, ProxyError | InvalidArgument> => hosted(self, "Array", [type, items])

/**
 * How a pool in a manager is to be: as any pool, but for what cannot be sent. Its `capacity` is the manager's: tasks that find no room wait
 * there.
 *
 * @category models
 * @since 0.9.0
 */
export type PoolOptions = Omit<Pool.Options, "callSites">

/**
 * Makes a pool in the manager: a pool as `Pool.make` makes one, that may be sent to other agents and used by other programs.
 *
 * **Shape** – its workers are agents of the manager; they run the tasks that it has registered, by their names. Arguments and results go
 * through the manager, which copies them, also where `Task.transfer` or `transfer` say otherwise. It ends when no agent or program has
 * it any more, such as at the end of the scope, and with the manager: then its tasks fail with `PoolTerminated`, and its `statistics` say
 * so. **Waiting** – suspends the fiber until its workers are ready; `statistics`, `trace`, `close` and `terminate` until the manager has
 * answered. **Errors** – as `Pool.make`; `NotFound` for an initializer, and `TaskNotFound` for a task, that is
 * not registered. `Unsupported` where the platform is not one of `@multifiber/platform`.
 *
 * **Source** – Python's `manager.Pool(…)`, whose `AsyncResult` and iterators are proxies, too: here they belong to who has called.
 *
 * @example
 * import { Effect } from "effect"
 * import { Manager, Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const manager = yield* Manager.make({ register: [square] })
 *   const pool = yield* Manager.pool(manager, { size: 2 })
 *   console.log(yield* Pool.map(pool, square, [1, 2, 3])) // => [ 1, 4, 9 ]
 * }))
 *
 * @category constructors
 * @since 0.9.0
 */
export const pool = (
  self: Manager,
  { initargs = [], initializer, ...options }: PoolOptions = {},
): Effect.Effect<
  Pool.Pool,
  ProxyError | InvalidArgument | StartFailed | MainGuardMissing | IllegalState | Unsupported,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const asked: Asked = {
      options: { ...options, ...millisOf(options, "idleTimeout", "maxAge", "grace") },
      startMethod: yield* startMethodOf,
      initializer: initializer && {
        task: initializer.name,
        args: yield* encoded(initializer, initargs),
      },
    }
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(plain<Made>(rootOf(self), "Pool", [asked])), (made) =>
        "error" in made
          ? Effect.fail(receiveError(made.error, "the manager") as StartFailed)
          : Effect.map(forScope(Effect.succeed(made.proxy)), (proxy) =>
              Pool.poolOf({ size: made.size, proxy }),
            ),
      ),
    )
  })

/** A duration loses its class on its way. */
const millisOf = (options: PoolOptions, ...names: ReadonlyArray<"idleTimeout" | "maxAge" | "grace">) =>
  Object.fromEntries(
    names.flatMap((name) => {
      const duration = options[name]
      return duration === undefined ? [] : [[name, Duration.toMillis(duration)] as const]
    }),
  )

/** The arguments of a task as they travel. */
const encoded = (task: Task.Task.Any, args: ReadonlyArray<unknown>) =>
  Effect.try({ try: () => encodeArgs(task, args), catch: (error) => error as EncodingFailed })

/**
 * A manager that other programs can connect to.
 *
 * @category models
 * @since 0.9.0
 */
export interface Server {
  /** Where it is, with the port that was free. */
  readonly address: Address
  /** How many programs are connected now. */
  readonly connections: Effect.Effect<number>
}

/**
 * Lets other programs use a manager, of this machine or another, until the end of the scope; then those that are connected are hung up
 * on. Any manager that this agent has, also one that it is connected to itself.
 *
 * **Shape** – programs with the same `authKey` can make what a manager makes, and run the tasks that it has registered, by their names:
 * no code travels. What a program held or waited for is given up when it is gone, however that may be. A call of one holds
 * up no other. **Errors** – as `Listener.make`. A program that breaks the rules is hung up on, with a warning.
 *
 * **Source** – Python's `get_server().serve_forever()`, and `BaseManager(address, authkey)`.
 *
 * @example
 * import { Effect, Option } from "effect"
 * import { DictProxy, Manager } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * const prices = new Map([["tea", 3]])
 *
 * export const { getPrices } = Task.module(import.meta.url, { getPrices: () => prices })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const manager = yield* Manager.make({ register: [getPrices] })
 *   const { address } = yield* Manager.serve(manager, { authKey: "secret" })
 *   // In another program, which has the same module:
 *   const shop = yield* Manager.connect(address, { authKey: "secret" })
 *   const there = yield* Manager.create(shop, getPrices, [])
 *   console.log(Option.getOrNull(yield* DictProxy.get(there, "tea"))) // => 3
 * }))
 *
 * @category constructors
 * @since 0.9.0
 */
export const serve = (
  self: Manager,
  options: Listener.Options = {},
): Effect.Effect<Server, ListenFailed | InvalidArgument, Platform | Scope.Scope> =>
  Effect.gen(function* () {
    const listener = yield* Listener.make(options)
    const connections = yield* sessions.serveAll(listener[Listener.TypeId], rootOf(self))
    return { address: Listener.address(listener), connections }
  })

/**
 * Connects to a manager of another program, until the end of the scope.
 *
 * **Shape** – a manager as any other, but that this program cannot end it: its proxies and handles reach all agents of this program, whose
 * calls go through the agent that is connected. Arguments and values may have proxies and handles in them that come from there, and
 * no others. **Waiting** – suspends the fiber until both sides are content. **Errors** – as `Client.connect`; what is asked of a manager
 * that has gone fails with `ManagerClosed`.
 *
 * **Source** – Python's `manager.connect()`.
 *
 * @category constructors
 * @since 0.9.0
 */
export const connect = (
  address: Address,
  options: GreetingOptions = {},
): Effect.Effect<
  Manager,
  ConnectFailed | AuthFailed | InvalidArgument | ProxyError,
  Platform | Scope.Scope
> =>
  Effect.gen(function* () {
    const { hold, release } = yield* Platform
    const { greeting, terms } = yield* connecting(address, options)
    const name = textOf(address)
    const session = yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const greeted = yield* greeting(restore)
        const session = sessions.join(greeted, name, terms.maxMessage)
        hold()
        const fiber = yield* Effect.forkDaemon(Effect.interruptible(session.ended))
        yield* Effect.addFinalizer(() => Effect.ensuring(Fiber.interrupt(fiber), Effect.sync(release)))
        return session
      }),
    )
    return managerOf(name, yield* session.root)
  })
