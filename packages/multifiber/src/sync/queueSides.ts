/** What an agent keeps of a queue: whether it has closed it, and its ring where it shares the memory. */
import { attach } from "@multifiber/kernel/Memory"
import * as Unfinished from "@multifiber/kernel/Unfinished"
import type * as Membership from "../agent/Membership.ts"
import { decodeSync, type Message } from "../wire/Message.ts"
import type { Received } from "./borrowing.ts"
import { Kept } from "./Kept.ts"
import { LocalRing, type Shared, USER } from "./LocalRing.ts"
import { LocalSignal } from "./LocalSignal.ts"
import { type Act, type LocalTurn, NOTHING } from "./LocalTurn.ts"
import { plainError } from "./plainErrors.ts"
import type { Remote } from "./RemoteSide.ts"

/** Words of a queue behind those of its ring: whether it is shut down, and what of it is done. */
const SHUT = 0
const DONE = 1
export const WORDS = DONE + Unfinished.WORDS

const OPEN = 0
const ENDING = 1
const ENDED = 2

/** Whether this agent has closed it. */
class Closable {
  private isClosed = false

  /** Throws `Closed`: nobody here waits any more. */
  readonly checkOpen = (): void => {
    if (this.isClosed) throw plainError("Closed", { what: "queue" })
  }

  close(): void {
    this.isClosed = true
  }
}

/** What an OS process keeps of a queue that it uses through its starter. */
export class RemoteQueue extends Closable implements Remote {
  readonly id: string
  readonly pending = new Set<() => void>()
  readonly kept = new Kept<Received>()

  constructor(id: string) {
    super()
    this.id = id
  }

  override close(): void {
    super.close()
    for (const withdraw of this.pending) withdraw()
  }
}

/** What an agent keeps of a queue whose memory it shares. */
export class LocalQueue extends Closable {
  readonly capacity: number
  /** Whoever joins it waits for this. */
  readonly joined: LocalSignal
  readonly writers: LocalTurn
  readonly readers: LocalTurn
  private readonly ring: LocalRing
  private readonly shut: Int32Array
  private readonly unfinished: Unfinished.Unfinished

  constructor(capacity: number, shared: Shared, user: Membership.User) {
    super()
    const { words } = shared
    this.capacity = capacity
    this.shut = new Int32Array(words, 4 * (USER + SHUT), 1)
    this.ring = new LocalRing(shared, user, {
      most: capacity,
      limit: Number.POSITIVE_INFINITY,
      isShut: () => this.isShutDown,
      isOver: () => this.isOver,
    })
    const memory = attach(new Int32Array(words, 4 * (USER + DONE), Unfinished.WORDS))
    const unfinished = { memory, puts: () => this.ring.puts }
    this.unfinished = unfinished
    this.joined = new LocalSignal(
      {
        memory,
        begin: () => Unfinished.begin(unfinished),
        hasCome: (value) => this.shutdown === ENDED || Unfinished.hasCome(unfinished, value),
      },
      user,
    )
    this.writers = this.ring.writers
    this.readers = this.ring.readers
  }

  private get shutdown(): number {
    return Atomics.load(this.shut, 0)
  }

  get size(): number {
    return this.shutdown === ENDED ? 0 : this.ring.size
  }

  get isShutDown(): boolean {
    return this.shutdown !== OPEN
  }

  /** Nothing will be put any more: also who came before the shutdown has put what he came with. */
  private get isOver(): boolean {
    return this.isShutDown && (this.shutdown === ENDED || !this.ring.isBeingWritten)
  }

  /** Puts a message. Throws `ShutDown`. */
  putOf(message: Message): Act<true> {
    return () => {
      if (this.isShutDown) throw plainError("ShutDown", {})
      return this.ring.put(message)
    }
  }

  /** Puts a message back that was taken for nobody: it is not to be done twice. Throws `ShutDown` where there will be no room. */
  putBackOf(message: Message): Act<true> {
    return () => {
      // Who comes now gets nothing any more.
      if (this.shutdown === ENDED) return true
      const put = this.ring.put(message)
      if (put === NOTHING && this.isShutDown) throw plainError("ShutDown", {})
      if (put !== NOTHING) this.taskDone()
      return put
    }
  }

  putSync(message: Message, milliseconds: number): boolean {
    return this.ring.putSync(message, this.putOf(message), milliseconds)
  }

  /** Takes the oldest message. Throws `ShutDown`. */
  takeOf<A>(read: (message: Message) => A): Act<A> {
    return () => {
      if (this.shutdown === ENDED) throw plainError("ShutDown", {})
      // In this order: whatever is put was there before it was over.
      const { isOver } = this
      const taken = this.ring.take(read)
      if (taken === NOTHING && isOver) throw plainError("ShutDown", {})
      return taken
    }
  }

  /** The same for its value. */
  readonly take = this.takeOf(decodeSync)

  /** There is something to get, or there never will be. */
  readonly poll: Act<true> = () => this.size > 0 || this.isOver || NOTHING

  giveUp(): void {
    this.ring.forgetNeed()
  }

  /** Those of this agent that wait learn of it. */
  override close(): void {
    super.close()
    this.writers.callAll()
    this.readers.callAll()
  }

  /** No more is put; nor got, where `immediate`. */
  shutDown(immediate: boolean): void {
    if (immediate) Atomics.store(this.shut, 0, ENDED)
    else Atomics.compareExchange(this.shut, 0, OPEN, ENDING)
    this.ring.wakeAll()
    if (immediate) Unfinished.wake(this.unfinished)
  }

  /** `false` where all is done. */
  taskDone(): boolean {
    return Unfinished.finish(this.unfinished)
  }

  get unfinishedTasks(): number {
    return this.shutdown === ENDED ? 0 : Unfinished.count(this.unfinished)
  }
}
