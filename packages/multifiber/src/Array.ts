/**
 * Values of one type in memory that agents share, with a lock or without: Python's `multiprocessing.Array` and `RawArray`.
 *
 * @since 0.3.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import {
  type Any,
  bare,
  contentSync,
  copyOf,
  fetchAddSync,
  getLock as getLockOf,
  getObj as getObjOf,
  getSync,
  type Array as Handle,
  length as lengthOf,
  makeSync,
  type Raw,
  rawSync,
  setSliceSync,
  setSync,
  sliceSync,
  synchronizedSync,
  TypeId,
  view as viewOf,
} from "./ArraySync.ts"
import type { IllegalState, InvalidArgument, OutOfRange } from "./Errors.ts"
import type { RLock } from "./RLockSync.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { attempt } from "./sync/attempting.ts"
import { guard } from "./sync/guarding.ts"
import { RemoteSide } from "./sync/RemoteSide.ts"
import type { AnyLock, IntegerType, LockOf, Options, Type, ValueOf, ViewOf } from "./ValueSync.ts"

export type { Any, Array, Raw } from "./ArraySync.ts"

/**
 * Tells whether a value is the handle of a shared array.
 *
 * @category guards
 * @since 0.3.0
 */
export const isArray = (u: unknown): u is Any<any> => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes an array of so many zeros, or of the values that are given, with a recursive lock of its own.
 *
 * **Shape** – a handle to the bytes of the items, one after the other, and to the lock. The types are those of `Value.make`;
 * the handle travels as that of a value does, and `lock` means the same. **Units** – the length is fixed, and may be 0.
 * **Waiting** – what reads or writes the array takes its lock, as `Value.make` says. **Errors** – `InvalidArgument` for a type
 * that is none, a length that is none, an item that the type does not accept, and a lock that is none. **Source** – Python's
 * `Array(type, size_or_initializer, lock=…)`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Array, Pool } from "multifiber"
 * import * as ArraySync from "multifiber/ArraySync"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { square } = Task.module(import.meta.url, {
 *   square: ([numbers, index]: [ArraySync.Array<"f64">, number]) =>
 *     ArraySync.updateSync(numbers, index, (x) => x * x),
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const numbers = yield* Array.make("f64", [1, 2, 3])
 *   const pool = yield* Pool.make({ size: 2 })
 *   yield* Pool.map(pool, square, [[numbers, 0], [numbers, 1], [numbers, -1]])
 *   console.log(yield* Array.toArray(numbers)) // => [ 1, 4, 9 ]
 * }))
 *
 * @category constructors
 * @since 0.3.0
 */
export const make = <const T extends Type, L extends AnyLock | false | undefined = undefined>(
  type: T,
  items: number | ArrayLike<ValueOf<T>>,
  options?: Options<L>,
): Effect.Effect<Handle<T, LockOf<L>>, InvalidArgument> =>
  attempt(() => makeSync(type, items, options), "InvalidArgument")

/**
 * Makes an array without a lock: nothing waits for another agent. **Errors** – as `make`. **Source** – Python's `RawArray`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const raw = <const T extends Type>(
  type: T,
  items: number | ArrayLike<ValueOf<T>>,
): Effect.Effect<Raw<T>, InvalidArgument> => attempt(() => rawSync(type, items), "InvalidArgument")

/**
 * The memory of an array without a lock, with one: with a recursive lock of its own, or the one that is given.
 *
 * **Errors** – `IllegalState` where the array has a lock, `InvalidArgument` for a lock that is none. **Source** – Python's
 * `sharedctypes.synchronized`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const synchronized = <T extends Type, L extends AnyLock = RLock>(
  self: Any<T>,
  lock?: L,
): Effect.Effect<Handle<T, L>, IllegalState | InvalidArgument> =>
  attempt(() => synchronizedSync(self, lock), "IllegalState", "InvalidArgument")

/**
 * How many items it has: as many as it was made with.
 *
 * @category getters
 * @since 0.3.0
 */
export const length: (self: Any<any>) => number = lengthOf

/**
 * The lock of an array: the very one that it was made with, `undefined` where it has none. **Source** – Python's `get_lock`.
 *
 * @category getters
 * @since 0.3.0
 */
export const getLock: <L extends AnyLock | undefined>(self: Handle<any, L>) => L = getLockOf

/**
 * The same memory without the lock: for one who holds it, or has no need of it. **Source** – Python's `get_obj`.
 *
 * @category getters
 * @since 0.3.0
 */
export const getObj: <T extends Type>(self: Handle<T, AnyLock>) => Raw<T> = getObjOf

/**
 * The memory of an array as a typed array, which copies nothing and knows of no lock: of its numbers, or else of bytes.
 *
 * @example
 * import { Effect } from "effect"
 * import { Array } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const numbers = yield* Array.make("i32", [3, 1, 2])
 *   Array.view(numbers).sort()
 *   return yield* Array.toArray(numbers)
 * })
 * console.log(await Effect.runPromise(program)) // => [ 1, 2, 3 ]
 *
 * @category getters
 * @since 0.3.0
 */
export const view: <T extends Type>(self: Any<T>) => ViewOf<T> = viewOf

const lockOf = (self: Any<any>): AnyLock | undefined => self[TypeId].lock

/** What the plain form does to the memory without the lock, which is taken here. */
const actions = {
  get: (raw, index: number): any => getSync(raw, index),
  set: (raw, index: number, value: any) => setSync(raw, index, value),
  slice: (raw, from?: number, to?: number): globalThis.Array<any> => sliceSync(raw, from, to),
  setSlice: (raw, range: readonly [from: number, to: number], values: ArrayLike<any>) =>
    setSliceSync(raw, range, values),
  fetchAdd: (raw, index: number, delta: any): any => fetchAddSync(raw, index, delta),
  content: (raw) => contentSync(raw),
} satisfies Actions<Raw<any>>

const act = acting(
  (self: Any<any>): Raw<any> | RemoteSide =>
    self[TypeId].memory === undefined ? new RemoteSide(self[TypeId].id) : bare(self),
  actions,
)

/**
 * What an agent does to arrays for others.
 *
 * @internal
 */
export const hosted: Hosted = { typeId: TypeId, sideFor: bare, actions, effects: {} }

/**
 * Reads an item; a negative index counts from the end. **Errors** – `OutOfRange`.
 *
 * **Waiting** – as `make` says, for all that follows. **Interruption** – while it waits for the lock, leaves the queue.
 *
 * @category combinators
 * @since 0.3.0
 */
export const get: {
  (index: number): <T extends Type>(self: Any<T>) => Effect.Effect<ValueOf<T>, OutOfRange>
  <T extends Type>(self: Any<T>, index: number): Effect.Effect<ValueOf<T>, OutOfRange>
} = dual(2, <T extends Type>(self: Any<T>, index: number) =>
  guard(lockOf(self), act(self, "get", [index], "OutOfRange")),
)

/**
 * Writes an item. **Errors** – `OutOfRange`, and `InvalidArgument` for what the type does not accept; nothing has changed then.
 *
 * @category combinators
 * @since 0.3.0
 */
export const set: {
  <T extends Type>(
    index: number,
    value: ValueOf<T>,
  ): (self: Any<T>) => Effect.Effect<void, OutOfRange | InvalidArgument>
  <T extends Type>(
    self: Any<T>,
    index: number,
    value: ValueOf<T>,
  ): Effect.Effect<void, OutOfRange | InvalidArgument>
} = dual(3, <T extends Type>(self: Any<T>, index: number, value: ValueOf<T>) =>
  guard(lockOf(self), act(self, "set", [index, value], "OutOfRange", "InvalidArgument")),
)

/**
 * Reads the items from an index up to, not including, another: at one moment where the array has a lock. Negative indices
 * count from the end, and what lies beyond the ends is left out. **Source** – Python's `array[from:to]`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const slice: {
  (from?: number, to?: number): <T extends Type>(self: Any<T>) => Effect.Effect<globalThis.Array<ValueOf<T>>>
  <T extends Type>(self: Any<T>, from?: number, to?: number): Effect.Effect<globalThis.Array<ValueOf<T>>>
} = dual(
  (args) => isArray(args[0]),
  <T extends Type>(self: Any<T>, from?: number, to?: number) =>
    guard(lockOf(self), act(self, "slice", [from, to])),
)

/**
 * Overwrites the items of a range, as `slice` has it, by as many values.
 *
 * **Errors** – `InvalidArgument` where there are more values or fewer, or one that the type does not accept; nothing has
 * changed then. **Source** – Python's `array[from:to] = values`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Array } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const numbers = yield* Array.make("u8", 4)
 *   yield* Array.setSlice(numbers, [1, 3], [7, 8])
 *   return yield* Array.toArray(numbers)
 * })
 * console.log(await Effect.runPromise(program)) // => [ 0, 7, 8, 0 ]
 *
 * @category combinators
 * @since 0.3.0
 */
export const setSlice: {
  <T extends Type>(
    range: readonly [from: number, to: number],
    values: ArrayLike<ValueOf<T>>,
  ): (self: Any<T>) => Effect.Effect<void, InvalidArgument>
  <T extends Type>(
    self: Any<T>,
    range: readonly [from: number, to: number],
    values: ArrayLike<ValueOf<T>>,
  ): Effect.Effect<void, InvalidArgument>
} = dual(
  3,
  <T extends Type>(self: Any<T>, range: readonly [from: number, to: number], values: ArrayLike<ValueOf<T>>) =>
    guard(lockOf(self), act(self, "setSlice", [range, values], "InvalidArgument")),
)

/**
 * Reads all items, at one moment where the array has a lock.
 *
 * @category combinators
 * @since 0.3.0
 */
export const toArray = <T extends Type>(self: Any<T>): Effect.Effect<globalThis.Array<ValueOf<T>>> =>
  slice(self)

/**
 * Makes of an item a result and the next item, in one step under the lock; returns the result.
 *
 * **Errors** – as `set`. Where `f` throws, that is a defect, and nothing has changed.
 *
 * @category combinators
 * @since 0.3.0
 */
export const modify: {
  <T extends Type, B>(
    index: number,
    f: (item: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
  ): (self: Handle<T, AnyLock>) => Effect.Effect<B, OutOfRange | InvalidArgument>
  <T extends Type, B>(
    self: Handle<T, AnyLock>,
    index: number,
    f: (item: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
  ): Effect.Effect<B, OutOfRange | InvalidArgument>
} = dual(
  3,
  <T extends Type, B>(
    self: Handle<T, AnyLock>,
    index: number,
    f: (item: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
  ) =>
    guard(
      lockOf(self),
      Effect.flatMap(act(self, "get", [index], "OutOfRange"), (item) => {
        const [result, next] = f(item)
        return Effect.as(act(self, "set", [index, next], "OutOfRange", "InvalidArgument"), result)
      }),
    ),
)

/**
 * Replaces an item by what `f` makes of it, in one step under the lock. **Errors** – as `modify`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const update: {
  <T extends Type>(
    index: number,
    f: (item: ValueOf<T>) => ValueOf<T>,
  ): (self: Handle<T, AnyLock>) => Effect.Effect<void, OutOfRange | InvalidArgument>
  <T extends Type>(
    self: Handle<T, AnyLock>,
    index: number,
    f: (item: ValueOf<T>) => ValueOf<T>,
  ): Effect.Effect<void, OutOfRange | InvalidArgument>
} = dual(3, <T extends Type>(self: Handle<T, AnyLock>, index: number, f: (item: ValueOf<T>) => ValueOf<T>) =>
  modify(self, index, (item: ValueOf<T>) => [undefined, f(item)] as const),
)

/**
 * Adds to an integer of the array, which wraps, and returns what it was: one atomic step, as `Value.fetchAdd`.
 *
 * **Errors** – `OutOfRange`, and `InvalidArgument` for a `delta` that is no integer.
 *
 * @category combinators
 * @since 0.3.0
 */
export const fetchAdd: {
  <T extends IntegerType>(
    index: number,
    delta: ValueOf<T>,
  ): (self: Any<T>) => Effect.Effect<ValueOf<T>, OutOfRange | InvalidArgument>
  <T extends IntegerType>(
    self: Any<T>,
    index: number,
    delta: ValueOf<T>,
  ): Effect.Effect<ValueOf<T>, OutOfRange | InvalidArgument>
} = dual(3, <T extends IntegerType>(self: Any<T>, index: number, delta: ValueOf<T>) =>
  guard(lockOf(self), act(self, "fetchAdd", [index, delta], "OutOfRange", "InvalidArgument")),
)

/**
 * The same items in memory of their own, without a lock. **Source** – Python's `sharedctypes.copy`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const copy = <T extends Type>(self: Any<T>): Effect.Effect<Raw<T>> =>
  guard(
    lockOf(self),
    Effect.map(act(self, "content", []), (content) => copyOf(self, content)),
  )

/**
 * Runs an effect with the lock of an array, and gives it back whatever becomes of the effect: for steps that belong together.
 *
 * **Interruption** – while it waits, leaves the queue; then interrupts the effect and gives the lock back. **Source** –
 * Python's `with array.get_lock():`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLock: {
  (array: Handle<any, AnyLock>): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, array: Handle<any, AnyLock>): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, array: Handle<any, AnyLock>) =>
  guard(lockOf(array), self),
)
