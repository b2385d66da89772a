/**
 * The synchronous form of `Array`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import type { RLock } from "./RLockSync.ts"
import { type AnyLock, addLock, chooseLock, guardSync } from "./sync/guardSync.ts"
import { makeAnnounce } from "./sync/Handles.ts"
import { plainError } from "./sync/plainErrors.ts"
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
import type { LockOf, Options } from "./ValueSync.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Array"

const announce = makeAnnounce(TypeId, "memory")

const boundOf = binder("Array")

/**
 * Values of one type that agents share: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects. `L` is the kind of its lock.
 *
 * @category models
 * @since 0.3.0
 */
export interface Array<T extends Type, L extends AnyLock | undefined = RLock> {
  readonly [TypeId]: Cells<T> & { readonly lock: L }
}

/**
 * An array without a lock.
 *
 * @category models
 * @since 0.3.0
 */
export type Raw<T extends Type> = Array<T, undefined>

/**
 * An array with a lock or without.
 *
 * @category models
 * @since 0.3.0
 */
export type Any<T extends Type> = Array<T, AnyLock | undefined>

const initialCells = <T extends Type>(type: T, items: number | ArrayLike<ValueOf<T>>): Cells<T> => {
  const length = typeof items === "number" ? items : items?.length
  if (!Number.isSafeInteger(length) || length < 0) {
    throw plainError("InvalidArgument", {
      argument: "size",
      value: typeof items === "number" ? items : typeof items,
      expected: "a length, or an array of values",
    })
  }
  const cells = makeCells(type, length)
  if (typeof items !== "number") writeAll(cells, 0, items)
  return cells
}

/** All or nothing. */
const writeAll = (cells: Cells<Type>, from: number, values: ArrayLike<unknown>): void => {
  const { layout, set } = boundOf(cells)
  for (let i = 0; i < values.length; i++) check(layout, values[i], `item ${i}`)
  for (let i = 0; i < values.length; i++) set(from + i, values[i])
}

/** Where an index points to; a negative one counts from the end. */
const placeOf = ({ length }: Cells<Type>, index: number): number => {
  const place = index < 0 ? index + length : index
  if (Number.isInteger(index) && place >= 0 && place < length) return place
  throw plainError("OutOfRange", { index, length })
}

/** Where a range begins or ends, as in `Array.prototype.slice`. */
const edgeOf = ({ length }: Cells<Type>, index: number): number => {
  const whole = Math.trunc(index) || 0
  return Math.min(Math.max(whole < 0 ? whole + length : whole, 0), length)
}

/**
 * Makes an array of so many zeros, or of these values: see `Array.make`. Throws `InvalidArgument`.
 *
 * @example
 * import * as ArraySync from "multifiber/ArraySync"
 *
 * const squares = ArraySync.makeSync("u16", [1, 4, 9])
 * ArraySync.setSync(squares, -1, 16)
 * console.log(ArraySync.toArraySync(squares)) // => [ 1, 4, 16 ]
 *
 * @category constructors
 * @since 0.3.0
 */
export const makeSync = <const T extends Type, L extends AnyLock | false | undefined = undefined>(
  type: T,
  items: number | ArrayLike<ValueOf<T>>,
  options?: Options<L>,
): Array<T, LockOf<L>> =>
  announce({
    [TypeId]: { ...initialCells(type, items), lock: chooseLock(options?.lock) as LockOf<L> },
  })

/**
 * Makes an array without a lock. Throws `InvalidArgument`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const rawSync = <const T extends Type>(type: T, items: number | ArrayLike<ValueOf<T>>): Raw<T> =>
  makeSync<T, false>(type, items, { lock: false })

/**
 * The same memory with a lock: see `Array.synchronized`. Throws `IllegalState` and `InvalidArgument`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const synchronizedSync = <T extends Type, L extends AnyLock = RLock>(
  self: Any<T>,
  lock?: L,
): Array<T, L> => announce({ [TypeId]: { ...self[TypeId], lock: addLock(self[TypeId].lock, lock, "array") } })

/**
 * How many items it has: as many as it was made with.
 *
 * @category getters
 * @since 0.3.0
 */
export const length = (self: Any<any>): number => self[TypeId].length

/**
 * The lock of an array: the very one that it was made with, `undefined` where it has none.
 *
 * @category getters
 * @since 0.3.0
 */
export const getLock = <L extends AnyLock | undefined>(self: Array<any, L>): L => self[TypeId].lock

/**
 * The same memory without the lock. See `Array.getObj`.
 *
 * @category getters
 * @since 0.3.0
 */
export const getObj = <T extends Type>(self: Array<T, AnyLock>): Raw<T> => announce(bare(self))

/**
 * The same for this agent alone.
 *
 * @internal
 */
export const bare = <T extends Type>(self: Any<T>): Raw<T> => ({
  [TypeId]: { ...self[TypeId], lock: undefined },
})

/**
 * The memory of an array: see `Array.view`.
 *
 * @category getters
 * @since 0.3.0
 */
export const view = <T extends Type>(self: Any<T>): ViewOf<T> => boundOf(self[TypeId]).view

/**
 * Reads an item, with the lock of the array where it has one; a negative index counts from the end. Throws `OutOfRange`.
 *
 * **Waiting** – blocks the thread until it has the lock; as do all functions below, but for arrays without a lock.
 *
 * @category combinators
 * @since 0.3.0
 */
export const getSync = <T extends Type>(self: Any<T>, index: number): ValueOf<T> => {
  const place = placeOf(self[TypeId], index)
  return guardSync(self[TypeId].lock, () => boundOf(self[TypeId]).get(place))
}

/**
 * Writes an item, with the lock of the array where it has one. Throws `OutOfRange` or `InvalidArgument`, and has changed
 * nothing then.
 *
 * @category combinators
 * @since 0.3.0
 */
export const setSync = <T extends Type>(self: Any<T>, index: number, value: ValueOf<T>): void => {
  const place = placeOf(self[TypeId], index)
  guardSync(self[TypeId].lock, () => writeAll(self[TypeId], place, [value]))
}

/**
 * Reads the items from an index up to, not including, another: see `Array.slice`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const sliceSync = <T extends Type>(
  self: Any<T>,
  from = 0,
  to = length(self),
): globalThis.Array<ValueOf<T>> => {
  const begin = edgeOf(self[TypeId], from)
  const count = Math.max(edgeOf(self[TypeId], to) - begin, 0)
  const { get } = boundOf(self[TypeId])
  return guardSync(self[TypeId].lock, () => Array.from({ length: count }, (_, i) => get(begin + i)))
}

/**
 * Overwrites a range by as many values: see `Array.setSlice`. Throws `InvalidArgument`, and has changed nothing then.
 *
 * @category combinators
 * @since 0.3.0
 */
export const setSliceSync = <T extends Type>(
  self: Any<T>,
  range: readonly [from: number, to: number],
  values: ArrayLike<ValueOf<T>>,
): void => {
  const begin = edgeOf(self[TypeId], range[0])
  const count = Math.max(edgeOf(self[TypeId], range[1]) - begin, 0)
  if (values.length !== count) {
    throw plainError("InvalidArgument", {
      argument: "values of a slice",
      value: `${values.length} values`,
      expected: `${count}`,
    })
  }
  guardSync(self[TypeId].lock, () => writeAll(self[TypeId], begin, values))
}

/**
 * Reads all items, at one moment where the array has a lock.
 *
 * @category combinators
 * @since 0.3.0
 */
export const toArraySync = <T extends Type>(self: Any<T>): globalThis.Array<ValueOf<T>> => sliceSync(self)

/**
 * Makes of an item a result and the next item, in one step under the lock: see `Array.modify`. Throws `OutOfRange` or
 * `InvalidArgument`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const modifySync = <T extends Type, B>(
  self: Array<T, AnyLock>,
  index: number,
  f: (item: ValueOf<T>) => readonly [result: B, next: ValueOf<T>],
): B => {
  const place = placeOf(self[TypeId], index)
  return guardSync(self[TypeId].lock, () => {
    const [result, next] = f(boundOf(self[TypeId]).get(place))
    writeAll(self[TypeId], place, [next])
    return result
  })
}

/**
 * Replaces an item by what `f` makes of it, in one step under the lock. Throws `OutOfRange` or `InvalidArgument`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const updateSync = <T extends Type>(
  self: Array<T, AnyLock>,
  index: number,
  f: (item: ValueOf<T>) => ValueOf<T>,
): void => modifySync(self, index, (item) => [undefined, f(item)])

/**
 * Adds to an integer of the array and returns what it was: see `Array.fetchAdd`. Throws `OutOfRange` or `InvalidArgument`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const fetchAddSync = <T extends IntegerType>(
  self: Any<T>,
  index: number,
  delta: ValueOf<T>,
): ValueOf<T> => {
  const place = placeOf(self[TypeId], index)
  const { layout, view } = boundOf(self[TypeId])
  check(layout, delta, "delta")
  return guardSync(self[TypeId].lock, () => Atomics.add(view, place, delta as number) as ValueOf<T>)
}

/**
 * The same items in memory of their own, without a lock.
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
export const withLockSync = <A>(self: Array<any, AnyLock>, body: () => A): A =>
  guardSync(self[TypeId].lock, body)
