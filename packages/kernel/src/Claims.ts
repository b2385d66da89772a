/**
 * Who has the task: one shared word for each task that was sent to an agent and is not settled.
 *
 * A sender hands tasks to a runner in batches, ahead of time. The word lets both decide, without a message, who owns a
 * task that was sent: the runner by beginning it, or the sender by revoking it (to cancel it, to give it to an idle
 * agent, or to save it from an agent that died). It also tells after a death which task was running.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | HELD | count of things in the runner that want a clean end: open layers, running fibers, pending promises | runner |
 * | 1 | CHECKED | low 32 bits of the sequence number of the last task that has come to a checkpoint, −1 at first | runner |
 * | 2–15 | – | unused: keeps the claims in other cache lines | – |
 * | 16 + s | CLAIM | 0 sent, 1 running, 2 done, 3 revoked, 4 cancelled | sender 0, 3 and 4, runner 1 and 2 |
 *
 * The claim of sequence number n is in slot 16 + n mod capacity; capacity is a power of two. Sequence numbers grow by
 * one for each task and stay below 2^53.
 *
 * Invariant: a claim leaves `sent` by one compare-and-swap, so exactly one side wins it. `running` is left by the
 * runner that set it, or by the sender to `cancelled`, which asks the runner to give the task up. The sender writes `sent`
 * again only after the runner told it that it has passed the slot, so no word is reused under a reader (no ABA).
 *
 * @since 0.1.0
 */
import { attach as attachMemory, type Memory } from "./Memory.ts"

const HELD = 0
const CHECKED = 1
const FIRST_CLAIM = 16
const BYTES_PER_WORD = 4

const SENT = 0
const RUNNING = 1
const DONE = 2
const REVOKED = 3
const CANCELLED = 4

/**
 * What a claim says of its task.
 *
 * @category models
 * @since 0.1.0
 */
export type ClaimState = "sent" | "running" | "done" | "revoked" | "cancelled"

const STATES: ReadonlyArray<ClaimState> = ["sent", "running", "done", "revoked", "cancelled"]

/**
 * The claims between one sender and one runner.
 *
 * @category models
 * @since 0.1.0
 */
export interface Claims {
  readonly memory: Memory
  readonly capacity: number
}

/**
 * Allocates the memory of `capacity` claims.
 *
 * **Shape** – 64 + 4 · capacity bytes. **Units** – `capacity` is a power of two.
 *
 * @category constructors
 * @since 0.1.0
 */
export const allocate = (capacity: number): SharedArrayBuffer => {
  const buffer = new SharedArrayBuffer((FIRST_CLAIM + capacity) * BYTES_PER_WORD)
  new Int32Array(buffer)[CHECKED] = -1
  return buffer
}

/**
 * Binds to the memory that `allocate` made, in the same agent or another.
 *
 * @example
 * import * as Claims from "@multifiber/kernel/Claims"
 *
 * const sender = Claims.attach(Claims.allocate(8))
 * Claims.send(sender, 0)
 * console.log(Claims.begin(sender, 0), Claims.revoke(sender, 0)) // => true false
 *
 * @category constructors
 * @since 0.1.0
 */
export const attach = (buffer: SharedArrayBuffer): Claims => fromMemory(attachMemory(new Int32Array(buffer)))

/**
 * Binds to any `Memory`: the form that tests replay.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromMemory = (memory: Memory): Claims => ({ memory, capacity: memory.length - FIRST_CLAIM })

const slot = (self: Claims, sequence: number): number => FIRST_CLAIM + (sequence % self.capacity)

/**
 * Opens the claim of a task before its message leaves. Sender only.
 *
 * @category transitions
 * @since 0.1.0
 */
export const send = (self: Claims, sequence: number): void => self.memory.store(slot(self, sequence), SENT)

/**
 * Takes the task for running; `false` where the sender has revoked it. Runner only.
 *
 * @category transitions
 * @since 0.1.0
 */
export const begin = (self: Claims, sequence: number): boolean =>
  self.memory.compareExchange(slot(self, sequence), SENT, RUNNING) === SENT

/**
 * Marks a task that ran to its end, before its result is posted. Runner only.
 *
 * @category transitions
 * @since 0.1.0
 */
export const finish = (self: Claims, sequence: number): void => self.memory.store(slot(self, sequence), DONE)

/**
 * Takes the task back; `false` where the runner has begun it. Sender only.
 *
 * @category transitions
 * @since 0.1.0
 */
export const revoke = (self: Claims, sequence: number): boolean =>
  self.memory.compareExchange(slot(self, sequence), SENT, REVOKED) === SENT

/**
 * Asks the runner to give up a task that it runs; `false` where it does not run. Sender only.
 *
 * @category transitions
 * @since 0.5.0
 */
export const cancel = (self: Claims, sequence: number): boolean =>
  self.memory.compareExchange(slot(self, sequence), RUNNING, CANCELLED) === RUNNING

/**
 * Notes that a task has come to a checkpoint: one that is cancelled will end at the next. Runner only.
 *
 * @category transitions
 * @since 0.5.0
 */
export const check = (self: Claims, sequence: number): void => self.memory.store(CHECKED, sequence | 0)

/**
 * Tells whether a task has come to a checkpoint. The answer is only right for the task that runs, and may be old: the task may have
 * come to its first one since.
 *
 * @category getters
 * @since 0.5.0
 */
export const checks = (self: Claims, sequence: number): boolean =>
  self.memory.load(CHECKED) === (sequence | 0)

/**
 * Reads a claim. What it says may be old when it returns, except `done` and `revoked`, which stay.
 *
 * @category getters
 * @since 0.1.0
 */
export const state = (self: Claims, sequence: number): ClaimState =>
  STATES[self.memory.load(slot(self, sequence))] as ClaimState

/**
 * Counts one more (1) or one less (-1) thing in the runner that wants a clean end. Runner only.
 *
 * @category transitions
 * @since 0.1.0
 */
export const hold = (self: Claims, delta: 1 | -1): void => {
  self.memory.add(HELD, delta)
}

/**
 * Tells whether the runner holds anything that wants a clean end; where it does not, it may be terminated at once.
 *
 * @category getters
 * @since 0.1.0
 */
export const holds = (self: Claims): boolean => self.memory.load(HELD) > 0
