/**
 * Proxies: handles of objects that stay in the agent that has them. Python's `multiprocessing.managers.BaseProxy`.
 *
 * @since 0.9.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type {
  Closed,
  EncodingFailed,
  InvalidArgument,
  ManagerClosed,
  NotFound,
  RemoteFailure,
  TaskInterrupted,
} from "./Errors.ts"
import { share as shareObject } from "./manager/sharing.ts"
import { invokeAny } from "./sync/invoking.ts"
import { EACH_OF, iterate } from "./sync/iterating.ts"
import { type Handle, TypeId as HandleTypeId, isHandle, release as releaseHandle } from "./sync/managed.ts"
import { BY_TASK } from "./sync/performing.ts"
import type { Task } from "./Task.ts"

/**
 * @category type ids
 * @since 0.9.0
 */
export const TypeId: typeof HandleTypeId = HandleTypeId

/**
 * The handle of an object of another agent: it may be sent to any agent, at any depth of an argument or a result, in messages, and
 * into the containers of a manager.
 *
 * @category models
 * @since 0.9.0
 */
export interface BaseProxy<out T> extends Handle {
  readonly _T?: () => T
}

/**
 * What any use of a proxy may fail with: `ManagerClosed` where the manager has ended; `Closed` where this agent has given the proxy
 * back; `NotFound` where it is of a program that this one has no connection to; `EncodingFailed` for what cannot be sent.
 *
 * @category errors
 * @since 0.9.0
 */
export type ProxyError = ManagerClosed | Closed | NotFound | EncodingFailed

/**
 * What a method of an object of yours may fail with: whatever it throws or fails with comes as a `RemoteFailure`. Errors of this
 * library come as themselves: catch them by their tags where a method is known to fail with them.
 *
 * @category errors
 * @since 0.9.0
 */
export type CallError = ProxyError | RemoteFailure | TaskInterrupted

/** The names of its methods. */
type Method<T> = {
  [K in keyof T & string]: T[K] extends (...args: any) => any ? K : never
}[keyof T & string]

type ArgsOf<F> = F extends (...args: infer Args) => any ? Args : never

type ResultOf<F> = F extends (...args: any) => infer R
  ? R extends Effect.Effect<infer A, any, any>
    ? A
    : Awaited<R>
  : never

type Each<F> = F extends (...args: any) => infer R
  ? R extends Stream.Stream<infer A, any, any>
    ? A
    : R extends Iterable<infer A> | AsyncIterable<infer A>
      ? A
      : never
  : never

/**
 * How an object is shared.
 *
 * @category models
 * @since 0.9.0
 */
export interface Options {
  /** The methods that others may call. Default: all whose names do not begin with `_`, inherited ones too. */
  readonly exposed?: ReadonlyArray<string> | undefined
}

/**
 * Makes a proxy of an object that this agent has: in a manager of what a registered task returns, in any other agent for those that
 * it has started. The same object has the same proxy.
 *
 * **Shape** – a `Map`, a `Set` or an array becomes a dict, a set or a list. The object is kept as long as somebody has the
 * proxy. Calls of its methods come one after the other, as messages do; one that returns a promise or an Effect does not hold up others.
 * **Errors** – a proxy cannot be sent to an agent that has started this one, unless this is a manager: `EncodingFailed` there.
 *
 * **Source** – Python's `register(typeid, exposed=…)` and `method_to_typeid`: a method whose result is to stay returns a proxy.
 *
 * @example
 * import { Effect } from "effect"
 * import { BaseProxy, Manager } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * class Tree {
 *   readonly children: Array<Tree> = []
 *   grow() {
 *     this.children.push(new Tree())
 *     return BaseProxy.share(this.children.at(-1)!)
 *   }
 *   size(): number {
 *     return this.children.reduce((sum, child) => sum + child.size(), 1)
 *   }
 * }
 *
 * export const { tree } = Task.module(import.meta.url, { tree: () => new Tree() })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const manager = yield* Manager.make({ register: [tree] })
 *   const root = yield* Manager.create(manager, tree, [])
 *   const branch = yield* BaseProxy.call(root, "grow")
 *   yield* BaseProxy.call(branch, "grow")
 *   console.log(yield* BaseProxy.call(root, "size")) // => 3
 * }))
 *
 * @category constructors
 * @since 0.9.0
 */
export const share = <T extends object>(object: T, { exposed }: Options = {}): BaseProxy<T> =>
  shareObject(object, exposed)

/**
 * Tells whether a value is a proxy.
 *
 * @category guards
 * @since 0.9.0
 */
export const isProxy = (u: unknown): u is BaseProxy<unknown> => isHandle(u)

/**
 * Calls a method of the object, where it is.
 *
 * **Shape** – arguments and results are copies, but for handles and proxies. **Waiting** – suspends the fiber until the method is over;
 * other calls go on meanwhile. **Interruption** – withdraws the call: an Effect or a stream is interrupted, a plain method that has
 * begun runs to its end. **Errors** – `CallError`; a method that is not exposed is a `RemoteFailure`, and so is one that the object
 * does not have. `options.error` is the schema that the object was shared with.
 *
 * **Source** – Python's `proxy.method(…)` and `_callmethod`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const call = <T, K extends Method<T>>(
  self: BaseProxy<T>,
  method: K,
  ...args: ArgsOf<T[K]>
): Effect.Effect<ResultOf<T[K]>, CallError> =>
  invokeAny(self, method, args) as Effect.Effect<ResultOf<T[K]>, CallError>

/**
 * Goes through what a method returns: an iterable, an asynchronous one, or a stream. Nothing is read further ahead than 256 values.
 *
 * **Waiting**, **Errors** – as `call`. **Interruption** – ends the iteration there, too.
 *
 * **Source** – Python's managed `Iterator`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const stream = <T, K extends Method<T>>(
  self: BaseProxy<T>,
  method: K,
  ...args: ArgsOf<T[K]>
): Stream.Stream<Each<T[K]>, CallError> =>
  iterate(invokeAny<Handle>(self, `${EACH_OF}${method}`, args) as Effect.Effect<Handle, CallError>)

/**
 * Runs a registered task on the object itself, as its first argument, in one step: nothing else is done to the object meanwhile. So
 * several steps become one: count up, take if there is enough.
 *
 * **Shape** – the object is the `Map`, array, `Set` or instance, of a namespace a `Map` of its fields; the task is a plain function that
 * is named in `register` of the manager. **Waiting** – suspends the fiber. **Errors** – as `call`; `NotFound` for a task that
 * is not registered; `InvalidArgument` for one that returns a promise or an Effect.
 *
 * **Source** – not in Python, where two calls of a proxy are two steps, and a lock has to make them one.
 *
 * @example
 * import { Effect } from "effect"
 * import { BaseProxy, DictProxy, Manager } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { count } = Task.module(import.meta.url, {
 *   count: (words: Map<string, number>, word: string) => {
 *     words.set(word, (words.get(word) ?? 0) + 1)
 *   },
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const manager = yield* Manager.make({ register: [count] })
 *   const words = yield* Manager.dict<string, number>(manager)
 *   yield* Effect.forEach(["lock", "queue", "lock"], (word) => BaseProxy.modify(words, count, word))
 *   console.log(yield* DictProxy.get(words, "lock")) // => { _id: 'Option', _tag: 'Some', value: 2 }
 * }))
 *
 * @category combinators
 * @since 0.9.0
 */
export const modify: {
  <T, Args extends ReadonlyArray<any>, A>(
    task: Task<[T, ...Args], A, any>,
    ...args: Args
  ): (self: BaseProxy<T>) => Effect.Effect<A, CallError | InvalidArgument>
  <T, Args extends ReadonlyArray<any>, A>(
    self: BaseProxy<T>,
    task: Task<[T, ...Args], A, any>,
    ...args: Args
  ): Effect.Effect<A, CallError | InvalidArgument>
} = dual(
  (args) => isProxy(args[0]),
  <T, Args extends ReadonlyArray<any>, A>(
    self: BaseProxy<T>,
    task: Task<[T, ...Args], A, any>,
    ...args: Args
  ) => invokeAny(self, BY_TASK, [task.name, ...args]) as Effect.Effect<A, CallError | InvalidArgument>,
)

/**
 * Gives the proxy back before this agent forgets it: what it has of it is of no use any more, nor what agents have that got it from
 * here. The object goes once nobody has it.
 *
 * A proxy that was made is given back at the end of its scope; one that came from elsewhere once the garbage collector finds that nobody
 * has it here; all when the agent ends, however that may be. One that was put into a queue or a connection is kept until then.
 * **Waiting** – never waits.
 *
 * **Source** – `del proxy` in Python.
 *
 * @category combinators
 * @since 0.9.0
 */
export const release = (self: BaseProxy<unknown>): Effect.Effect<void> =>
  Effect.sync(() => releaseHandle(self))

/**
 * Reads the errors of a method by a schema: a `RemoteFailure` that it fits becomes what it describes, such as a `Schema.TaggedError`.
 *
 * @example
 * import { Effect, Schema } from "effect"
 * import { BaseProxy, Manager } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * class Empty extends Schema.TaggedError<Empty>()("Empty", { account: Schema.String }) {}
 *
 * class Account {
 *   withdraw(): number {
 *     throw new Empty({ account: "savings" })
 *   }
 * }
 *
 * export const { account } = Task.module(import.meta.url, { account: () => new Account() })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const manager = yield* Manager.make({ register: [account] })
 *   const savings = yield* Manager.create(manager, account, [])
 *   const withdraw = BaseProxy.call(savings, "withdraw").pipe(BaseProxy.decodeError(Empty))
 *   console.log(yield* Effect.catchTag(withdraw, "Empty", ({ account }) => Effect.succeed(account))) // => savings
 * }))
 *
 * @category combinators
 * @since 0.9.0
 */
export const decodeError: {
  <E2>(schema: Schema.Schema<E2, any>): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | E2, R>
  <A, E, R, E2>(self: Effect.Effect<A, E, R>, schema: Schema.Schema<E2, any>): Effect.Effect<A, E | E2, R>
} = dual(2, <A, E, R, E2>(self: Effect.Effect<A, E, R>, schema: Schema.Schema<E2, any>) => {
  const decode = Schema.decodeUnknownEither(schema)
  return Effect.mapError(self, (error): E | E2 => {
    const { _tag, fields } = Object(error) as { readonly _tag?: unknown; readonly fields?: unknown }
    if (_tag !== "RemoteFailure") return error
    return Either.getOrElse(decode(fields), () => error)
  })
})
