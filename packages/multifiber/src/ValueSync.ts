/**
 * The synchronous form of `Value`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import type { RLock } from "./RLockSync.ts"
import { type AnyLock, addLock, chooseLock, guardSync } from "./sync/guardSync.ts"
import { makeAnnounce } from "./sync/Handles.ts"
import {
  binder,
  type Cells,
  cellsLike,
  check,
  contentOf,
  type IntegerType,
  makeCells,
  type Type,
  type ValueOf,
  type ViewOf,
} from "./sync/Types.ts"

export type { AnyLock } from "./sync/guardSync.ts"
export type { IntegerType, Type, ValueOf, ViewOf } from "./sync/Types.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Value"

const announce = makeAnnounce(TypeId, "memory")

const boundOf = binder("Value")

/**
 * A value that agents share: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects. `L` is the kind of its lock.
 *
 * @category models
 * @since 0.3.0
 */
export interface Value<T extends Type, L extends AnyLock | undefined = RLock> {
  readonly [TypeId]: Cells<T> & { readonly lock: L }
}

/**
 * A value without a lock.
 *
 * @category models
 * @since 0.3.0
 */
export type Raw<T extends Type> = Value<T, undefined>

/**
 * A value with a lock or without.
 *
 * @category models
 * @since 0.3.0
 */
export type Any<T extends Type> = Value<T, AnyLock | undefined>

/**
 * The lock of a new value: one that is there, or none.
 *
 * @category models
 * @since 0.3.0
 */
export interface Options<L extends AnyLock | false | undefined> {
  readonly lock?: L
}

/**
 * The lock that an option makes: one of its own where it is left out.
 *
 * @category models
 * @since 0.3.0
 */
export type LockOf<L extends AnyLock | false | undefined> = L extends AnyLock
  ? L
  : L extends false
    ? undefined
    : RLock

/**
 * Makes a value: see `Value.make`. Throws `InvalidArgument`.
 *
 * @example
 * import * as ValueSync from "multifiber/ValueSync"
 *
 * const count = ValueSync.makeSync("i32", 40)
 * ValueSync.updateSync(count, (n) => n + 2)
 * console.log(ValueSync.getSync(count)) // => 42
 *
 * @category constructors
 * @since 0.3.0
 */
export const makeSync = <const T extends Type, L extends AnyLock | false | undefined = undefined>(
  type: T,
  initial?: ValueOf<T>,
  options?: Options<L>,
): Value<T, LockOf<L>> => {
  const cells = makeCells(type, 1)
  if (initial !== undefined) write(cells, initial)
  return announce({ [TypeId]: { ...cells, lock: chooseLock(options?.lock) as LockOf<L> } })
}

/**
 * Makes a value without a lock. Throws `InvalidArgument`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const rawSync = <const T extends Type>(type: T, initial?: ValueOf<T>): Raw<T> =>
  makeSync<T, false>(type, initial, { lock: false })

/**
 * The same memory with a lock: see `Value.synchronized`. Throws `IllegalState` and `InvalidArgument`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const synchronizedSync = <T extends Type, L extends AnyLock = RLock>(
  self: Any<T>,
  lock?: L,
): Value<T, L> => announce({ [TypeId]: { ...self[TypeId], lock: addLock(self[TypeId].lock, lock, "value") } })

/**
 * The lock of a value: the very one that it was made with, `undefined` where it has none.
 *
 * @category getters
 * @since 0.3.0
 */
export const getLock = <L extends AnyLock | undefined>(self: Value<any, L>): L => self[TypeId].lock

/**
 * The same memory without the lock. See `Value.getObj`.
 *
 * @category getters
 * @since 0.3.0
 */
export const getObj = <T extends Type>(self: Value<T, AnyLock>): Raw<T> => announce(bare(self))

/**
 * The same for this agent alone.
 *
 * @internal
 */
export const bare = <T extends Type>(self: Any<T>): Raw<T> => ({
  [TypeId]: { ...self[TypeId], lock: undefined },
})

/**
 * The memory of a value: see `Value.view`.
 *
 * @category getters
 * @since 0.3.0
 */
export const view = <T extends Type>(self: Any<T>): ViewOf<T> => boundOf(self[TypeId]).view

const write = (cells: Cells<Type>, value: unknown): void => {
  const { layout, set } = boundOf(cells)
  check(layout, value)
  set(0, value)
}

/**
 * Reads the value, with its lock where it has one.
 *
 * **Waiting** – blocks the thread until it has the lock; as do all functions below, but for values without a lock.
 *
 * @category combinators
 * @since 0.3.0
 */
export const getSync = <T extends Type>(self: Any<T>): ValueOf<T> =>
  guardSync(self[TypeId].lock, () => boundOf(self[TypeId]).get(0))

/**
 * Writes the value, with its lock where it has one. Throws `InvalidArgument`, and has changed nothing then.
 *
 * @category combinators
 * @since 0.3.0
 */
export const setSync = <T extends Type>(self: Any<T>, value: ValueOf<T>): void =>
  guardSync(self[TypeId].lock, () => write(self[TypeId], value))

/**
 * Makes of the value a result and the next value, in one step under the lock: see `Value.modify`. Throws `InvalidArgument`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const modifySync = <T extends Type, B>(
  self: Value<T, AnyLock>,
  f: (value: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
): B =>
  guardSync(self[TypeId].lock, () => {
    const [result, next] = f(boundOf(self[TypeId]).get(0))
    write(self[TypeId], next)
    return result
  })

/**
 * Replaces the value by what `f` makes of it, in one step under the lock. Throws `InvalidArgument`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const updateSync = <T extends Type>(
  self: Value<T, AnyLock>,
  f: (value: ValueOf<T>) => ValueOf<T>,
): void => modifySync(self, (value) => [undefined, f(value)])

/**
 * Adds to an integer and returns what it was: see `Value.fetchAdd`. Throws `InvalidArgument`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const fetchAddSync = <T extends IntegerType>(self: Any<T>, delta: ValueOf<T>): ValueOf<T> => {
  const { layout, view } = boundOf(self[TypeId])
  check(layout, delta, "delta")
  return guardSync(self[TypeId].lock, () => Atomics.add(view, 0, delta as number) as ValueOf<T>)
}

/**
 * Writes `next` where the integer is `expected`, and returns what it was: see `Value.compareExchange`. Throws
 * `InvalidArgument`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const compareExchangeSync = <T extends IntegerType>(
  self: Any<T>,
  expected: ValueOf<T>,
  next: ValueOf<T>,
): ValueOf<T> => {
  const { layout, view } = boundOf(self[TypeId])
  check(layout, expected, "expected")
  check(layout, next, "next")
  return guardSync(
    self[TypeId].lock,
    () => Atomics.compareExchange(view, 0, expected as number, next as number) as ValueOf<T>,
  )
}

/**
 * The same value in memory of its own, without a lock.
 *
 * @category constructors
 * @since 0.3.0
 */
export const copySync = <T extends Type>(self: Any<T>): Raw<T> =>
  guardSync(self[TypeId].lock, () => copyOf(self, contentSync(self)))

/**
 * The content of one whose memory this agent shares.
 *
 * @internal
 */
export const contentSync = (self: Any<any>): Uint8Array => {
  boundOf(self[TypeId])
  return contentOf(self[TypeId])
}

/**
 * A new one with this content.
 *
 * @internal
 */
export const copyOf = <T extends Type>(self: Any<T>, content: Uint8Array): Raw<T> =>
  announce({ [TypeId]: { ...cellsLike(self[TypeId], content), lock: undefined } })

/**
 * Runs `body` with the lock, and gives it back whatever becomes of it: for steps that belong together.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLockSync = <A>(self: Value<any, AnyLock>, body: () => A): A =>
  guardSync(self[TypeId].lock, body)
