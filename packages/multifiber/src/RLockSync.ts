/**
 * The synchronous form of `RLock`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Mutex from "@multifiber/kernel/Mutex"
import * as Waiters from "@multifiber/kernel/Waiters"
import * as Membership from "./agent/Membership.ts"
import type { Acquired } from "./LockSync.ts"
import { makeWordHandles, type WordHandles } from "./sync/Handles.ts"
import { LocalLock } from "./sync/LocalLock.ts"
import { plainError } from "./sync/plainErrors.ts"
import { RemoteSide } from "./sync/RemoteSide.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/RLock"

/**
 * A lock that its owner may take again: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.3.0
 */
export interface RLock {
  readonly [TypeId]: {
    readonly id: string
    /** None in an OS process, which uses it through its starter. */
    readonly words: SharedArrayBuffer | undefined
  }
}

/**
 * The owner while plain code holds it: all of an agent's plain code is one owner.
 *
 * @internal
 */
export const PLAIN_CODE = Symbol("plain code")

/** Those that this agent holds: where no handle is left, a copy that comes later must find who holds it. */
const held = new Set<object>()

/** Which of this agent's owners holds a lock, and how many times. */
class Holding {
  private readonly side: object
  private owner: unknown = undefined
  private depth = 0

  constructor(side: object) {
    this.side = side
  }

  depthOf(owner: unknown): number {
    return this.owner === owner ? this.depth : 0
  }

  /** The lock has just come to an owner. */
  own(owner: unknown, depth = 1): void {
    this.owner = owner
    this.depth = depth
    held.add(this.side)
  }

  /** Takes it once more; `false` where another owns it, or nobody. */
  again(owner: unknown): boolean {
    if (this.owner !== owner) return false
    this.depth++
    return true
  }

  /** Gives it back once; tells whether nobody owns it any more. None where another owns it, or nobody. */
  giveBack(owner: unknown): boolean | undefined {
    if (this.owner !== owner) return undefined
    this.depth--
    if (this.depth === 0) this.end()
    return this.depth === 0
  }

  /** Gives it back whatever its depth; returns what gives that depth back to the owner. */
  giveUp(owner: unknown): () => void {
    const { depth } = this
    this.end()
    return () => this.own(owner, depth)
  }

  /** Nobody owns it any more. */
  end(): void {
    this.owner = undefined
    this.depth = 0
    held.delete(this.side)
  }
}

class LocalRLock extends LocalLock {
  readonly holding = new Holding(this)

  override isHeldBy(owner: unknown): boolean {
    return this.holding.depthOf(owner) > 0
  }

  override leaveAll(owner: unknown): () => void {
    const own = this.holding.giveUp(owner)
    super.leave()
    return own
  }

  override leave(): boolean {
    this.holding.end()
    return super.leave()
  }
}

class RemoteRLock extends RemoteSide {
  readonly holding = new Holding(this)
}

/**
 * What this agent keeps of a lock.
 *
 * @internal
 */
export const handles: WordHandles<RLock, LocalRLock, RemoteRLock> = makeWordHandles(
  TypeId,
  (words, user) => new LocalRLock(Mutex.fromMemory(words, user.table), user),
  (id) => new RemoteRLock(id),
)

const { announce, localOf } = handles

/**
 * Makes a recursive lock. Nobody holds it.
 *
 * **Shape** – some 2 KB of shared memory, which is freed with the last handle.
 *
 * @category constructors
 * @since 0.3.0
 */
export const makeSync = (): RLock =>
  announce({ [TypeId]: { id: Membership.nextName(), words: new SharedArrayBuffer(Waiters.BYTES) } })

const taken = (local: LocalRLock, acquired: Acquired | undefined | false): Acquired | false => {
  if (acquired) local.holding.own(PLAIN_CODE)
  return acquired || false
}

/**
 * Takes the lock where it is free or its own; `false` where another holds it. Never waits.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquireSync = (self: RLock): Acquired | false => {
  const local = localOf(self)
  return local.holding.again(PLAIN_CODE) ? "acquired" : taken(local, local.tryPass())
}

/**
 * Blocks the agent until it has the lock, or for `milliseconds`; `false` where that was too short. At once where plain code
 * of this agent holds it.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile, so it waits for ever where a fiber
 * of the same agent holds the lock. **Units** – zero or less tries once.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireSync = (self: RLock, milliseconds = Number.POSITIVE_INFINITY): Acquired | false => {
  const local = localOf(self)
  return local.holding.again(PLAIN_CODE) ? "acquired" : taken(local, local.passSync(milliseconds))
}

/**
 * Gives the lock back once. Throws `NotOwner` where plain code of this agent does not hold it.
 *
 * @category combinators
 * @since 0.3.0
 */
export const releaseSync = (self: RLock): void => {
  const local = localOf(self)
  const isFree = local.holding.giveBack(PLAIN_CODE)
  if (isFree === undefined) throw plainError("NotOwner", { primitive: "RLock" })
  if (isFree) local.leave()
}

/**
 * How many times plain code of this agent holds the lock.
 *
 * @category getters
 * @since 0.3.0
 */
export const depthSync = (self: RLock): number => localOf(self).holding.depthOf(PLAIN_CODE)

/**
 * Whether anybody holds the lock. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isLockedSync = (self: RLock): boolean => localOf(self).isLocked

/**
 * Runs `body` with the lock, and gives it back whatever becomes of it. Blocks the agent until it has the lock.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLockSync = <A>(self: RLock, body: (acquired: Acquired) => A): A => {
  const acquired = acquireSync(self) as Acquired
  try {
    return body(acquired)
  } finally {
    releaseSync(self)
  }
}
