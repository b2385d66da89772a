/**
 * Named blocks of memory in a program: Python's `multiprocessing.shared_memory.SharedMemory`. What a `SharedMemoryManager`
 * is there is a `Scope` here: closing it unlinks all blocks and lists that were made in it.
 *
 * @since 0.3.0
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Names from "./agent/Names.ts"
import { AlreadyExists, type IllegalState, InvalidArgument, NotFound } from "./Errors.ts"
import {
  bufSync,
  closeSync,
  name as nameOf,
  open,
  type SharedMemory,
  size as sizeOf,
  TypeId,
} from "./SharedMemorySync.ts"
import { attempt } from "./sync/attempting.ts"
import { allocate } from "./sync/Types.ts"

export type { SharedMemory } from "./SharedMemorySync.ts"

/**
 * Tells whether a value is the handle of a block.
 *
 * @category guards
 * @since 0.3.0
 */
export const isSharedMemory = (u: unknown): u is SharedMemory =>
  typeof u === "object" && u !== null && TypeId in u

/**
 * How a block is made: its size in bytes, and its name, where it shall have a certain one.
 *
 * @category models
 * @since 0.3.0
 */
export interface Options {
  readonly size: number
  readonly name?: string | undefined
}

const KIND = "shared memory"

const ask = (question: Names.Question): Effect.Effect<Names.Answer> =>
  Effect.async((resume) => Names.ask(question, (answer) => resume(Effect.succeed(answer))))

const checkName = (name: string): Effect.Effect<string, InvalidArgument> =>
  typeof name === "string" && name !== "" && !name.includes("\0")
    ? Effect.succeed(name)
    : Effect.fail(new InvalidArgument({ argument: "name", value: name, expected: "a text without NUL" }))

const allocateBlock = (size: number): Effect.Effect<SharedArrayBuffer, InvalidArgument> =>
  Number.isSafeInteger(size) && size > 0
    ? attempt(() => allocate(Names.HEADER + size, "size"), "InvalidArgument")
    : Effect.fail(new InvalidArgument({ argument: "size", value: size, expected: "1 byte or more" }))

const randomName = Effect.map(
  Random.nextIntBetween(0, 2 ** 32),
  (n) => `mf_${n.toString(16).padStart(8, "0")}`,
)

const claim = (name: string, words: SharedArrayBuffer): Effect.Effect<SharedMemory, AlreadyExists> =>
  Effect.flatMap(ask({ name, words }), (owner) =>
    owner === undefined
      ? Effect.succeed(open(name, words))
      : Effect.fail(new AlreadyExists({ kind: KIND, id: name })),
  )

const claimAnyName = (words: SharedArrayBuffer): Effect.Effect<SharedMemory> =>
  Effect.catchAll(
    Effect.flatMap(randomName, (name) => claim(name, words)),
    () => claimAnyName(words),
  )

/**
 * Makes a block of zeros. At the end of the scope it is closed, and unlinked where nobody has done that; so it is when the
 * agent that made it dies.
 *
 * **Shape** – a handle to `size` bytes of shared memory. It may be sent to any agent of the start method `thread`, at any depth
 * of an argument or a result; one that reaches an OS process is refused with `NotTransferable`. The memory is freed when
 * the block is unlinked and the last handle is gone. **Units** – bytes, one or more. A name is known to all agents of the
 * program that share memory; an OS process is a program of its own here. Without `name` it gets one that nobody has, by
 * Effect's `Random`. **Waiting** – suspends the fiber of any other agent until the main agent has answered, which it
 * does not while it is blocked. **Errors** – `AlreadyExists` where a block has the name, and `InvalidArgument` for a size or
 * a name that is none.
 *
 * **Source** – Python's `SharedMemory(name, create=True, size=…)`, whose names the operating system keeps: other programs
 * see them, and they outlive the program.
 *
 * @example
 * import { Effect } from "effect"
 * import { SharedMemory } from "multifiber"
 *
 * const program = Effect.scoped(
 *   Effect.gen(function* () {
 *     const block = yield* SharedMemory.create({ name: "numbers", size: 16 })
 *     const other = yield* SharedMemory.attach("numbers")
 *     const bytes = yield* SharedMemory.buf(block)
 *     bytes[0] = 42
 *     return (yield* SharedMemory.buf(other))[0]
 *   }),
 * )
 * console.log(await Effect.runPromise(program)) // => 42
 *
 * @category constructors
 * @since 0.3.0
 */
export const create = ({
  name,
  size,
}: Options): Effect.Effect<SharedMemory, AlreadyExists | InvalidArgument, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const words = yield* allocateBlock(size)
      return yield* name === undefined
        ? claimAnyName(words)
        : Effect.flatMap(checkName(name), (checked) => claim(checked, words))
    }),
    // Where it cannot be unlinked, that was done before, as it may be.
    (block) => Effect.zipRight(close(block), Effect.ignore(unlink(block))),
  )

/**
 * Finds the block of this name: a handle of its own. **Waiting** – as `create`. **Errors** – `NotFound` where no block has the
 * name, and `InvalidArgument` for what is no name. **Source** – Python's `SharedMemory(name)`.
 *
 * @category constructors
 * @since 0.3.0
 */
export const attach = (name: string): Effect.Effect<SharedMemory, NotFound | InvalidArgument> =>
  Effect.flatMap(checkName(name), (checked) =>
    Effect.flatMap(ask({ name: checked }), (words) =>
      words === undefined
        ? Effect.fail(new NotFound({ kind: KIND, id: checked }))
        : Effect.succeed(open(checked, words)),
    ),
  )

/**
 * The name of a block, also of one that is closed or unlinked.
 *
 * @category getters
 * @since 0.3.0
 */
export const name: (self: SharedMemory) => string = nameOf

/**
 * The bytes that a block has, also one that is closed or unlinked.
 *
 * @category getters
 * @since 0.3.0
 */
export const size: (self: SharedMemory) => number = sizeOf

/**
 * The memory of a block, without copying. Nothing keeps agents apart that write to it at the same time.
 *
 * **Errors** – `IllegalState` where this handle is closed, and `NotFound` for a handle that came from another agent, or was
 * cloned, and is first used when the block is unlinked already. **Source** – Python's `SharedMemory.buf`, which is `None` once
 * it is closed.
 *
 * @category getters
 * @since 0.3.0
 */
export const buf = (self: SharedMemory): Effect.Effect<Uint8Array, NotFound | IllegalState> =>
  attempt(() => bufSync(self), "NotFound", "IllegalState")

/**
 * Closes this handle: it has no memory any more. Others, and the block, stay as they are. Nothing where it is closed.
 *
 * **Source** – Python's `SharedMemory.close()`. What a view of `buf` still has, it keeps.
 *
 * @category combinators
 * @since 0.3.0
 */
export const close = (self: SharedMemory): Effect.Effect<void> => Effect.sync(() => closeSync(self))

/**
 * Takes the name from a block, once for all: who has used a handle goes on with it, nobody else finds the block any more. A
 * closed handle will do. Never waits.
 *
 * **Errors** – `NotFound` where the block is unlinked. **Source** – Python's `SharedMemory.unlink()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const unlink = (self: SharedMemory): Effect.Effect<void, NotFound> =>
  Effect.suspend(() => {
    const { name, words } = self[TypeId]
    return Names.unlink(name, words) ? Effect.void : Effect.fail(new NotFound({ kind: KIND, id: name }))
  })
