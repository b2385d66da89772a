/**
 * Lists of a manager: arrays that many agents use. Python's `multiprocessing.managers.ListProxy`.
 *
 * Each function is one step; `BaseProxy.modify` makes one of several. Indexes count from the end where they are negative. Of all:
 * **waiting** – suspends the fiber until the answer is there; **interruption** – before that, the step may have been done;
 * **errors** – `ProxyError`.
 *
 * @since 0.9.0
 */
import type * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Stream from "effect/Stream"
import * as BaseProxy from "./BaseProxy.ts"
import type { InvalidArgument, NotFound, OutOfRange } from "./Errors.ts"
import { invoking } from "./sync/invoking.ts"
import { iterate } from "./sync/iterating.ts"

/**
 * The proxy of a list: `Manager.list` makes one. A value is a copy: changing it does not change the list, setting it does. Handles
 * and proxies among the values stay what they are.
 *
 * @category models
 * @since 0.9.0
 */
export interface ListProxy<in out A> extends BaseProxy.BaseProxy<Array<A>> {}

const invoke = invoking()
const invokeAt = invoking("OutOfRange")
const invokeChecked = invoking("InvalidArgument")

const takesList = (args: IArguments): boolean => BaseProxy.isProxy(args[0])

/**
 * The value at an index. **Errors** – `OutOfRange`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const get: {
  (index: number): <A>(self: ListProxy<A>) => Effect.Effect<A, BaseProxy.ProxyError | OutOfRange>
  <A>(self: ListProxy<A>, index: number): Effect.Effect<A, BaseProxy.ProxyError | OutOfRange>
} = dual(2, <A>(self: ListProxy<A>, index: number) => invokeAt<A>(self, "get", [index]))

/**
 * Sets the value at an index that there is. **Errors** – `OutOfRange`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const set: {
  // `A` is that of the list where the context knows it, as in `pipe`; else that of the argument. So for all below.
  <A1 extends A, A = A1>(
    index: number,
    value: A1,
  ): (self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError | OutOfRange>
  <A>(self: ListProxy<A>, index: number, value: A): Effect.Effect<void, BaseProxy.ProxyError | OutOfRange>
} = dual(3, <A>(self: ListProxy<A>, index: number, value: A) => invokeAt<void>(self, "set", [index, value]))

/**
 * The values from `start` to before `end`, as an array of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const slice: {
  (
    start?: number,
    end?: number,
  ): <A>(self: ListProxy<A>) => Effect.Effect<ReadonlyArray<A>, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, start?: number, end?: number): Effect.Effect<ReadonlyArray<A>, BaseProxy.ProxyError>
} = dual(takesList, <A>(self: ListProxy<A>, start?: number, end?: number) =>
  invoke<ReadonlyArray<A>>(self, "slice", [start, end]),
)

/**
 * Puts values in the place of those from `start` to before `end`. **Source** – Python's `l[start:end] = values`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const setSlice: {
  <A1 extends A, A = A1>(
    start: number,
    end: number,
    values: Iterable<A1>,
  ): (self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError>
  <A>(
    self: ListProxy<A>,
    start: number,
    end: number,
    values: Iterable<A>,
  ): Effect.Effect<void, BaseProxy.ProxyError>
} = dual(4, <A>(self: ListProxy<A>, start: number, end: number, values: Iterable<A>) =>
  invoke<void>(self, "setSlice", [start, end, [...values]]),
)

/**
 * Removes the value at an index. **Errors** – `OutOfRange`. **Source** – Python's `del l[index]`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const removeAt: {
  (index: number): <A>(self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError | OutOfRange>
  <A>(self: ListProxy<A>, index: number): Effect.Effect<void, BaseProxy.ProxyError | OutOfRange>
} = dual(2, <A>(self: ListProxy<A>, index: number) => invokeAt<void>(self, "removeAt", [index]))

/**
 * Removes the values from `start` to before `end`. **Source** – Python's `del l[start:end]`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const removeSlice: {
  (start?: number, end?: number): <A>(self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, start?: number, end?: number): Effect.Effect<void, BaseProxy.ProxyError>
} = dual(takesList, <A>(self: ListProxy<A>, start?: number, end?: number) =>
  invoke<void>(self, "removeSlice", [start, end]),
)

/**
 * Adds a value at the end.
 *
 * @category combinators
 * @since 0.9.0
 */
export const append: {
  <A1 extends A, A = A1>(value: A1): (self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, value: A): Effect.Effect<void, BaseProxy.ProxyError>
} = dual(2, <A>(self: ListProxy<A>, value: A) => invoke<void>(self, "append", [value]))

/**
 * Adds values at the end. **Source** – Python's `extend`, and `+=`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const extend: {
  <A1 extends A, A = A1>(
    values: Iterable<A1>,
  ): (self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, values: Iterable<A>): Effect.Effect<void, BaseProxy.ProxyError>
} = dual(2, <A>(self: ListProxy<A>, values: Iterable<A>) => invoke<void>(self, "extend", [[...values]]))

/**
 * Puts a value before the one at an index; an index beyond the ends is that of the end.
 *
 * @category combinators
 * @since 0.9.0
 */
export const insert: {
  <A1 extends A, A = A1>(
    index: number,
    value: A1,
  ): (self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, index: number, value: A): Effect.Effect<void, BaseProxy.ProxyError>
} = dual(3, <A>(self: ListProxy<A>, index: number, value: A) => invoke<void>(self, "insert", [index, value]))

/**
 * Removes the value at an index, the last one where none is given, and returns it. **Errors** – `OutOfRange`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const pop: {
  (index?: number): <A>(self: ListProxy<A>) => Effect.Effect<A, BaseProxy.ProxyError | OutOfRange>
  <A>(self: ListProxy<A>, index?: number): Effect.Effect<A, BaseProxy.ProxyError | OutOfRange>
} = dual(takesList, <A>(self: ListProxy<A>, index = -1) => invokeAt<A>(self, "pop", [index]))

/**
 * Removes the first of the values that are this one, as `Object.is` compares. **Errors** – `NotFound`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const remove: {
  <A1 extends A, A = A1>(
    value: A1,
  ): (self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError | NotFound>
  <A>(self: ListProxy<A>, value: A): Effect.Effect<void, BaseProxy.ProxyError | NotFound>
} = dual(2, <A>(self: ListProxy<A>, value: A) => invoke<void>(self, "remove", [value]))

/**
 * How many of the values are this one, as `Object.is` compares.
 *
 * @category combinators
 * @since 0.9.0
 */
export const count: {
  <A1 extends A, A = A1>(value: A1): (self: ListProxy<A>) => Effect.Effect<number, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, value: A): Effect.Effect<number, BaseProxy.ProxyError>
} = dual(2, <A>(self: ListProxy<A>, value: A) => invoke<number>(self, "count", [value]))

/**
 * Where the first of the values is that are this one. **Errors** – `NotFound`. **Source** – Python's `index`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const indexOf: {
  <A1 extends A, A = A1>(
    value: A1,
  ): (self: ListProxy<A>) => Effect.Effect<number, BaseProxy.ProxyError | NotFound>
  <A>(self: ListProxy<A>, value: A): Effect.Effect<number, BaseProxy.ProxyError | NotFound>
} = dual(2, <A>(self: ListProxy<A>, value: A) => invoke<number>(self, "indexOf", [value]))

/**
 * Whether one of the values is this one.
 *
 * @category combinators
 * @since 0.9.0
 */
export const includes: {
  <A1 extends A, A = A1>(value: A1): (self: ListProxy<A>) => Effect.Effect<boolean, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, value: A): Effect.Effect<boolean, BaseProxy.ProxyError>
} = dual(2, <A>(self: ListProxy<A>, value: A) => invoke<boolean>(self, "includes", [value]))

/**
 * Sorts the list: numbers by size, texts by their code units. **Errors** – `InvalidArgument` for values that have no order in common;
 * nothing has changed then. For another order, `BaseProxy.modify` with a task that sorts.
 *
 * @category combinators
 * @since 0.9.0
 */
export const sort: {
  (options?: {
    readonly reverse?: boolean
  }): <A extends number | bigint | string | boolean>(
    self: ListProxy<A>,
  ) => Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
  <A extends number | bigint | string | boolean>(
    self: ListProxy<A>,
    options?: { readonly reverse?: boolean },
  ): Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
} = dual(
  takesList,
  <A extends number | bigint | string | boolean>(
    self: ListProxy<A>,
    { reverse = false }: { readonly reverse?: boolean } = {},
  ) => invokeChecked<void>(self, "sort", [reverse]),
)

/**
 * Turns the list round.
 *
 * @category combinators
 * @since 0.9.0
 */
export const reverse = <A>(self: ListProxy<A>): Effect.Effect<void, BaseProxy.ProxyError> =>
  invoke(self, "reverse", [])

/**
 * The list so many times, as an array of this agent. **Source** – Python's `l * n`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const repeat: {
  (times: number): <A>(self: ListProxy<A>) => Effect.Effect<ReadonlyArray<A>, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, times: number): Effect.Effect<ReadonlyArray<A>, BaseProxy.ProxyError>
} = dual(2, <A>(self: ListProxy<A>, times: number) => invoke<ReadonlyArray<A>>(self, "repeat", [times]))

/**
 * The list becomes itself so many times. **Source** – Python's `l *= n`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const repeatInPlace: {
  (times: number): <A>(self: ListProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, times: number): Effect.Effect<void, BaseProxy.ProxyError>
} = dual(2, <A>(self: ListProxy<A>, times: number) => invoke<void>(self, "repeatInPlace", [times]))

/**
 * The list and those values after it, as an array of this agent. **Source** – Python's `l + values`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const concat: {
  <A1 extends A, A = A1>(
    values: Iterable<A1>,
  ): (self: ListProxy<A>) => Effect.Effect<ReadonlyArray<A>, BaseProxy.ProxyError>
  <A>(self: ListProxy<A>, values: Iterable<A>): Effect.Effect<ReadonlyArray<A>, BaseProxy.ProxyError>
} = dual(2, <A>(self: ListProxy<A>, values: Iterable<A>) =>
  invoke<ReadonlyArray<A>>(self, "concat", [[...values]]),
)

/**
 * Removes all values.
 *
 * @category combinators
 * @since 0.9.0
 */
export const clear = <A>(self: ListProxy<A>): Effect.Effect<void, BaseProxy.ProxyError> =>
  invoke(self, "clear", [])

/**
 * What is in it, as an array of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const copy = <A>(self: ListProxy<A>): Effect.Effect<ReadonlyArray<A>, BaseProxy.ProxyError> =>
  invoke(self, "copy", [])

/**
 * How many values there are. **Source** – Python's `len(l)`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const size = <A>(self: ListProxy<A>): Effect.Effect<number, BaseProxy.ProxyError> =>
  invoke(self, "size", [])

/**
 * Goes through the list by index, 256 values at a time: what is changed meanwhile is seen where it was not yet passed.
 *
 * @category combinators
 * @since 0.9.0
 */
export const stream = <A>(self: ListProxy<A>): Stream.Stream<A, BaseProxy.ProxyError> =>
  iterate(invoke(self, "iterate", []))
