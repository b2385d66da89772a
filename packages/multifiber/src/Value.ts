/**
 * One value in memory that agents share, with a lock or without: Python's `multiprocessing.Value` and `RawValue`.
 *
 * @since 0.3.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { IllegalState, InvalidArgument } from "./Errors.ts"
import type { RLock } from "./RLockSync.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { attempt } from "./sync/attempting.ts"
import { guard } from "./sync/guarding.ts"
import { RemoteSide } from "./sync/RemoteSide.ts"
import {
  type Any,
  type AnyLock,
  bare,
  compareExchangeSync,
  contentSync,
  copyOf,
  fetchAddSync,
  getLock as getLockOf,
  getObj as getObjOf,
  getSync,
  type IntegerType,
  type LockOf,
  makeSync,
  type Options,
  type Raw,
  rawSync,
  setSync,
  synchronizedSync,
  type Type,
  TypeId,
  type Value,
  type ValueOf,
  type ViewOf,
  view as viewOf,
} from "./ValueSync.ts"

export type {
  Any,
  AnyLock,
  IntegerType,
  LockOf,
  Options,
  Raw,
  Type,
  Value,
  ValueOf,
  ViewOf,
} from "./ValueSync.ts"

/**
 * Tells whether a value is the handle of a shared value.
 *
 * @category guards
 * @since 0.3.0
 */
export const isValue = (u: unknown): u is Any<any> => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a value of a type, zero where no other is given, with a recursive lock of its own.
 *
 * | type | value |
 * | --- | --- |
 * | `"i8"`, `"u8"`, `"i16"`, `"u16"`, `"i32"`, `"u32"` | an integer |
 * | `"i64"`, `"u64"` | a bigint |
 * | `"f32"`, `"f64"` | a number |
 * | `"bool"` | a boolean |
 * | `{ string: 20 }` | a string of at most 20 bytes in UTF-8, without NUL |
 * | `{ bytes: 20 }` | a `Uint8Array` of at most 20 bytes; it reads as 20, zeros at the end |
 * | `{ struct: { x: "f64", name: { string: 20 } } }` | an object with these fields |
 *
 * An integer out of the range of its type wraps, as in a typed array; one with a fraction is refused.
 *
 * **Shape** – a handle to the bytes of the type, and to the lock. It may be sent to any agent, at any
 * depth of an argument or a result, and in messages. An OS process uses it through the agent that has sent it: each operation is
 * a message there and back, and plain code and `view` cannot use it there. `lock` is an
 * `RLock` or `Lock` to use instead of its own, or `false` for none. **Waiting** – what reads or writes a value takes its lock
 * and suspends the fiber until it has it; inside of `withLock` it has it already if that is an `RLock`, and waits for ever
 * if it is a `Lock`, as in Python. The lock of an agent that has died passes on; what it had half-done stays. **Errors** – `InvalidArgument` for a type that is none, a value that the type does not
 * accept, and a lock that is none. **Source** – Python's `Value(type, initial, lock=…)`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Pool, Value } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import * as ValueSync from "multifiber/ValueSync"
 * import { Main } from "@multifiber/platform"
 *
 * export const { count } = Task.module(import.meta.url, {
 *   count: ([total, times]: [ValueSync.Value<"i32">, number]) => {
 *     for (let i = 0; i < times; i++) ValueSync.updateSync(total, (n) => n + 1)
 *   },
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const total = yield* Value.make("i32")
 *   const pool = yield* Pool.make({ size: 2 })
 *   yield* Pool.map(pool, count, [[total, 1000], [total, 1000]])
 *   console.log(yield* Value.get(total)) // => 2000
 * }))
 *
 * @category constructors
 * @since 0.3.0
 */
export const make = <const T extends Type, L extends AnyLock | false | undefined = undefined>(
  type: T,
  initial?: ValueOf<T>,
  options?: Options<L>,
): Effect.Effect<Value<T, LockOf<L>>, InvalidArgument> =>
  attempt(() => makeSync(type, initial, options), "InvalidArgument")

/**
 * Makes a value without a lock.
 *
 * An integer or a float is always read and written whole, anything else may be seen half-written. **Waiting** – nothing waits.
 * **Errors** – as `make`. **Source** – Python's `RawValue`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const raw = <const T extends Type>(
  type: T,
  initial?: ValueOf<T>,
): Effect.Effect<Raw<T>, InvalidArgument> => attempt(() => rawSync(type, initial), "InvalidArgument")

/**
 * The memory of a value without a lock, with one: with a recursive lock of its own, or the one that is given.
 *
 * **Errors** – `IllegalState` where the value has a lock, `InvalidArgument` for a lock that is none. **Source** – Python's
 * `sharedctypes.synchronized`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const synchronized = <T extends Type, L extends AnyLock = RLock>(
  self: Any<T>,
  lock?: L,
): Effect.Effect<Value<T, L>, IllegalState | InvalidArgument> =>
  attempt(() => synchronizedSync(self, lock), "IllegalState", "InvalidArgument")

/**
 * The lock of a value: the very one that it was made with, `undefined` where it has none. **Source** – Python's `get_lock`.
 *
 * @category getters
 * @since 0.3.0
 */
export const getLock: <L extends AnyLock | undefined>(self: Value<any, L>) => L = getLockOf

/**
 * The same memory without the lock: for one who holds it, or has no need of it. **Source** – Python's `get_obj`.
 *
 * @category getters
 * @since 0.3.0
 */
export const getObj: <T extends Type>(self: Value<T, AnyLock>) => Raw<T> = getObjOf

/**
 * The memory of a value as a typed array, which copies nothing and knows of no lock: of one number, or else of bytes.
 *
 * @example
 * import { Effect } from "effect"
 * import { Value } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const name = yield* Value.make({ string: 8 }, "pool")
 *   Value.view(name)[0] = 116
 *   return yield* Value.get(name)
 * })
 * console.log(await Effect.runPromise(program)) // => tool
 *
 * @category getters
 * @since 0.3.0
 */
export const view: <T extends Type>(self: Any<T>) => ViewOf<T> = viewOf

const lockOf = (self: Any<any>): AnyLock | undefined => self[TypeId].lock

/** What the plain form does to the memory without the lock, which is taken here. */
const actions = {
  get: (raw): any => getSync(raw),
  set: (raw, value: any) => setSync(raw, value),
  fetchAdd: (raw, delta: any): any => fetchAddSync(raw, delta),
  compareExchange: (raw, expected: any, next: any): any => compareExchangeSync(raw, expected, next),
  content: (raw) => contentSync(raw),
} satisfies Actions<Raw<any>>

const act = acting(
  (self: Any<any>): Raw<any> | RemoteSide =>
    self[TypeId].memory === undefined ? new RemoteSide(self[TypeId].id) : bare(self),
  actions,
)

/**
 * What an agent does to values for others.
 *
 * @internal
 */
export const hosted: Hosted = { typeId: TypeId, sideFor: bare, actions, effects: {} }

/**
 * Reads the value. **Waiting** – as `make` says, for all that follows. **Interruption** – while it waits for the lock, leaves
 * the queue.
 *
 * @category combinators
 * @since 0.3.0
 */
export const get = <T extends Type>(self: Any<T>): Effect.Effect<ValueOf<T>> =>
  guard(lockOf(self), act(self, "get", []))

/**
 * Writes the value. **Errors** – `InvalidArgument` for what the type does not accept; nothing has changed then.
 *
 * @category combinators
 * @since 0.3.0
 */
export const set: {
  <T extends Type>(value: ValueOf<T>): (self: Any<T>) => Effect.Effect<void, InvalidArgument>
  <T extends Type>(self: Any<T>, value: ValueOf<T>): Effect.Effect<void, InvalidArgument>
} = dual(2, <T extends Type>(self: Any<T>, value: ValueOf<T>) =>
  guard(lockOf(self), act(self, "set", [value], "InvalidArgument")),
)

/**
 * Makes of the value a result and the next value, in one step under the lock; returns the result.
 *
 * **Errors** – as `set`. Where `f` throws, that is a defect, and nothing has changed.
 *
 * @category combinators
 * @since 0.3.0
 */
export const modify: {
  <T extends Type, B>(
    f: (value: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
  ): (self: Value<T, AnyLock>) => Effect.Effect<B, InvalidArgument>
  <T extends Type, B>(
    self: Value<T, AnyLock>,
    f: (value: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
  ): Effect.Effect<B, InvalidArgument>
} = dual(
  2,
  <T extends Type, B>(
    self: Value<T, AnyLock>,
    f: (value: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
  ) =>
    guard(
      lockOf(self),
      Effect.flatMap(act(self, "get", []), (value) => {
        const [result, next] = f(value)
        return Effect.as(act(self, "set", [next], "InvalidArgument"), result)
      }),
    ),
)

/**
 * Replaces the value by what `f` makes of it, in one step under the lock. **Errors** – as `modify`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const update: {
  <T extends Type>(
    f: (value: ValueOf<T>) => ValueOf<T>,
  ): (self: Value<T, AnyLock>) => Effect.Effect<void, InvalidArgument>
  <T extends Type>(
    self: Value<T, AnyLock>,
    f: (value: ValueOf<T>) => ValueOf<T>,
  ): Effect.Effect<void, InvalidArgument>
} = dual(2, <T extends Type>(self: Value<T, AnyLock>, f: (value: ValueOf<T>) => ValueOf<T>) =>
  modify(self, (value: ValueOf<T>) => [undefined, f(value)] as const),
)

/**
 * Adds to an integer, which wraps, and returns what it was: one atomic step, with the lock or without.
 *
 * Without a lock this is the fastest way for agents to count together. It takes the lock of a value that has one, so that
 * it never falls between the two steps of an `update`. **Errors** – `InvalidArgument` for a `delta` that is no integer.
 *
 * @example
 * import { Effect } from "effect"
 * import { Value } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const next = yield* Value.raw("u64", 10n)
 *   const before = yield* Value.fetchAdd(next, 5n)
 *   return [before, yield* Value.get(next)]
 * })
 * console.log(await Effect.runPromise(program)) // => [ 10n, 15n ]
 *
 * @category combinators
 * @since 0.3.0
 */
export const fetchAdd: {
  <T extends IntegerType>(delta: ValueOf<T>): (self: Any<T>) => Effect.Effect<ValueOf<T>, InvalidArgument>
  <T extends IntegerType>(self: Any<T>, delta: ValueOf<T>): Effect.Effect<ValueOf<T>, InvalidArgument>
} = dual(2, <T extends IntegerType>(self: Any<T>, delta: ValueOf<T>) =>
  guard(lockOf(self), act(self, "fetchAdd", [delta], "InvalidArgument")),
)

/**
 * Writes `next` where the integer is `expected`, and returns what it was: one atomic step, with the lock or without.
 *
 * **Errors** – `InvalidArgument` for what is no integer.
 *
 * @category combinators
 * @since 0.3.0
 */
export const compareExchange: {
  <T extends IntegerType>(
    expected: ValueOf<T>,
    next: ValueOf<T>,
  ): (self: Any<T>) => Effect.Effect<ValueOf<T>, InvalidArgument>
  <T extends IntegerType>(
    self: Any<T>,
    expected: ValueOf<T>,
    next: ValueOf<T>,
  ): Effect.Effect<ValueOf<T>, InvalidArgument>
} = dual(3, <T extends IntegerType>(self: Any<T>, expected: ValueOf<T>, next: ValueOf<T>) =>
  guard(lockOf(self), act(self, "compareExchange", [expected, next], "InvalidArgument")),
)

/**
 * The same value in memory of its own, without a lock. **Source** – Python's `sharedctypes.copy`.
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
 * Runs an effect with the lock of a value, and gives it back whatever becomes of the effect: for steps that belong together.
 *
 * **Interruption** – while it waits, leaves the queue; then interrupts the effect and gives the lock back. **Source** –
 * Python's `with value.get_lock():`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Value } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const balance = yield* Value.make("f64", 100)
 *   const half = Effect.flatMap(Value.get(balance), (now) => Value.set(balance, now / 2))
 *   yield* Value.withLock(half, balance)
 *   return yield* Value.get(balance)
 * })
 * console.log(await Effect.runPromise(program)) // => 50
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLock: {
  (value: Value<any, AnyLock>): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, value: Value<any, AnyLock>): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, value: Value<any, AnyLock>) => guard(lockOf(value), self))
