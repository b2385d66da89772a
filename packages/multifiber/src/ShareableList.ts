/**
 * A list of a fixed length in a named block of memory: Python's `multiprocessing.shared_memory.ShareableList`.
 *
 * @since 0.3.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Scope from "effect/Scope"
import type { AlreadyExists, IllegalState, InvalidArgument, NotFound, OutOfRange } from "./Errors.ts"
import {
  countSync,
  formatSync,
  getSync,
  type Item,
  indexSync,
  type Kind,
  lengthSync,
  listIn,
  prepare,
  type ShareableList,
  setSync,
  shm as shmOf,
  TypeId,
  toArraySync,
} from "./ShareableListSync.ts"
import * as SharedMemory from "./SharedMemory.ts"
import { attempt } from "./sync/attempting.ts"

export type { Item, Kind, ShareableList } from "./ShareableListSync.ts"

/**
 * Tells whether a value is the handle of a list.
 *
 * @category guards
 * @since 0.3.0
 */
export const isShareableList = (u: unknown): u is ShareableList =>
  typeof u === "object" && u !== null && TypeId in u

/**
 * The name of a list's block, where it shall have a certain one.
 *
 * @category models
 * @since 0.3.0
 */
export interface Options {
  readonly name?: string | undefined
}

/**
 * Why a list cannot be used: its handle is closed, or came when its block was unlinked. See `SharedMemory.buf`.
 *
 * @category errors
 * @since 0.3.0
 */
export type Unusable = NotFound | IllegalState

/**
 * Makes a list of these items, in a block of its own that is unlinked at the end of the scope.
 *
 * **Shape** – a handle that travels as that of a `SharedMemory` does. 8 bytes, and for each item 16 and its room: text and
 * bytes may grow up to the next multiple of 8, and by one byte at least; anything else has 8. **Errors** – `InvalidArgument`
 * for what is no item, such as an integer of more than 64 bits, and for a name that is none; `AlreadyExists` where a block
 * has the name.
 *
 * **Source** – Python's `ShareableList(sequence, name=…)`, which counts the room of a text in characters, so that it may cut it,
 * and loses zeros at the end of bytes.
 *
 * @example
 * import { Effect } from "effect"
 * import { ShareableList } from "multifiber"
 *
 * const program = Effect.scoped(
 *   Effect.gen(function* () {
 *     const list = yield* ShareableList.make(["howdy", 100, null, true], { name: "settings" })
 *     const same = yield* ShareableList.attach("settings")
 *     yield* ShareableList.set(same, 2, -273.154)
 *     return yield* ShareableList.toArray(list)
 *   }),
 * )
 * console.log(await Effect.runPromise(program)) // => [ 'howdy', 100, -273.154, true ]
 *
 * @category constructors
 * @since 0.3.0
 */
export const make = (
  items: ReadonlyArray<Item>,
  { name }: Options = {},
): Effect.Effect<ShareableList, AlreadyExists | InvalidArgument, Scope.Scope> =>
  Effect.flatMap(
    attempt(() => prepare(items), "InvalidArgument"),
    ({ fill, size }) => Effect.map(SharedMemory.create({ name, size }), fill),
  )

/**
 * Finds the list of this name: a handle of its own.
 *
 * **Waiting** – as `SharedMemory.attach`. **Errors** – `NotFound` where no block has the name, and `InvalidArgument` for what is
 * no name, or that of a block without a list. **Source** – Python's `ShareableList(name=…)`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const attach = (name: string): Effect.Effect<ShareableList, NotFound | InvalidArgument> =>
  Effect.flatMap(SharedMemory.attach(name), (block) => attempt(() => listIn(block), "InvalidArgument"))

/**
 * The same items, with the same room, in a block of their own.
 *
 * **Source** – Python's `ShareableList(list, name=…)`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const copy = (
  self: ShareableList,
  { name }: Options = {},
): Effect.Effect<ShareableList, Unusable | AlreadyExists | InvalidArgument, Scope.Scope> =>
  Effect.gen(function* () {
    const from = yield* SharedMemory.buf(shm(self))
    const block = yield* SharedMemory.create({ name, size: from.length })
    const to = yield* SharedMemory.buf(block)
    to.set(from)
    return listIn(block)
  })

/**
 * The block that holds the list. It has the name.
 *
 * @category getters
 * @since 0.3.0
 */
export const shm: (self: ShareableList) => SharedMemory.SharedMemory = shmOf

/**
 * How many items the list has.
 *
 * @category getters
 * @since 0.3.0
 */
export const length = (self: ShareableList): Effect.Effect<number, Unusable> =>
  attempt(() => lengthSync(self), "NotFound", "IllegalState")

/**
 * Reads an item; a negative index counts from the end. Never waits, as all that follows: use a `Lock` where agents write.
 *
 * **Errors** – `OutOfRange`. **Source** – Python's `list[index]`, which returns garbage for a negative index out of range.
 *
 * @category combinators
 * @since 0.3.0
 */
export const get: {
  (index: number): (self: ShareableList) => Effect.Effect<Item, OutOfRange | Unusable>
  (self: ShareableList, index: number): Effect.Effect<Item, OutOfRange | Unusable>
} = dual(2, (self: ShareableList, index: number) =>
  attempt(() => getSync(self, index), "OutOfRange", "NotFound", "IllegalState"),
)

/**
 * Writes an item, which may be of another kind than the one before.
 *
 * **Errors** – `OutOfRange`, and `InvalidArgument` for what is no item, or has more bytes than there is room; nothing has
 * changed then.
 *
 * @category combinators
 * @since 0.3.0
 */
export const set: {
  (
    index: number,
    item: Item,
  ): (self: ShareableList) => Effect.Effect<void, OutOfRange | InvalidArgument | Unusable>
  (
    self: ShareableList,
    index: number,
    item: Item,
  ): Effect.Effect<void, OutOfRange | InvalidArgument | Unusable>
} = dual(3, (self: ShareableList, index: number, item: Item) =>
  attempt(() => setSync(self, index, item), "OutOfRange", "InvalidArgument", "NotFound", "IllegalState"),
)

/**
 * Reads all items.
 *
 * @category combinators
 * @since 0.3.0
 */
export const toArray = (self: ShareableList): Effect.Effect<Array<Item>, Unusable> =>
  attempt(() => toArraySync(self), "NotFound", "IllegalState")

/**
 * How many items equal this one: bytes by their content, anything else as `===` has it.
 *
 * @category combinators
 * @since 0.3.0
 */
export const count: {
  (item: Item): (self: ShareableList) => Effect.Effect<number, Unusable>
  (self: ShareableList, item: Item): Effect.Effect<number, Unusable>
} = dual(2, (self: ShareableList, item: Item) =>
  attempt(() => countSync(self, item), "NotFound", "IllegalState"),
)

/**
 * The first index of an item, compared as by `count`. **Errors** – `NotFound` where no item equals it.
 *
 * @category combinators
 * @since 0.3.0
 */
export const index: {
  (item: Item): (self: ShareableList) => Effect.Effect<number, Unusable>
  (self: ShareableList, item: Item): Effect.Effect<number, Unusable>
} = dual(2, (self: ShareableList, item: Item) =>
  attempt(() => indexSync(self, item), "NotFound", "IllegalState"),
)

/**
 * What each item is at the moment. **Source** – Python's `format`, which has the codes of `struct`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const format = (self: ShareableList): Effect.Effect<Array<Kind>, Unusable> =>
  attempt(() => formatSync(self), "NotFound", "IllegalState")
