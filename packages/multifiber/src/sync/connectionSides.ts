/** What an agent keeps of one end of a pipe: whether it has it open, and its ring where it shares the memory. */
import * as Holders from "@multifiber/kernel/Holders"
import { attach } from "@multifiber/kernel/Memory"
import * as Calls from "../agent/Calls.ts"
import type * as Membership from "../agent/Membership.ts"
import type { Connection, TypeId } from "../ConnectionSync.ts"
import type { Message } from "../wire/Message.ts"
import type { Received } from "./borrowing.ts"
import { Kept } from "./Kept.ts"
import { LocalRing, type Shared } from "./LocalRing.ts"
import { type Act, type LocalTurn, NOTHING } from "./LocalTurn.ts"
import { plainError } from "./plainErrors.ts"
import type { Remote } from "./RemoteSide.ts"

type Inner = Connection<never, any>[typeof TypeId]

type Ends = NonNullable<Inner["shared"]>

/** How many bytes a pipe holds, as far as they are not of a single message: as many as one of Linux. */
const PIPE_BYTES = 2 ** 16

const MOST_MESSAGES = 2 ** 31 - 1

/** What an agent keeps of one end, and of those that use it through this agent. */
abstract class Side {
  readonly sends: boolean
  readonly receives: boolean
  private isClosed = false
  /** A message was too long: where the next one begins, Python would say, nobody knows. */
  private isDeaf = false
  /** How many other agents use it through this one, or get it now. */
  private proxies = 0
  /** How many get it now. */
  private passing = 0

  constructor({ receives, sends }: Inner) {
    this.sends = sends
    this.receives = receives
  }

  /** Neither this agent has it open any more, nor who uses it through this one. */
  protected abstract letGo(): void

  /** Another agent uses it through this one; returns what happens when it does not any more. */
  readonly lease = (): (() => void) => {
    if (this.passing === 0) this.checkOpen()
    this.proxies++
    return () => {
      this.proxies--
      this.letGoIfUnused()
    }
  }

  /** Another agent gets what this one may have closed, or never had; returns what is to be done once it has. */
  pass(isNew: boolean): () => void {
    this.passing++
    this.proxies++
    if (isNew) this.close()
    return () => {
      this.passing--
      this.proxies--
      this.letGoIfUnused()
    }
  }

  private letGoIfUnused(): void {
    if (this.isClosed && !this.isLent) this.letGo()
  }

  /** Others use it through this agent, or get it now. */
  protected get isLent(): boolean {
    return this.proxies > 0
  }

  /** This agent has it anew. */
  protected reopen(): void {
    this.isClosed = false
  }

  /** The end was sent to this agent: where it had closed it, it may have it anew. */
  abstract receive(): void

  /** A copy of the handle is used first, which may have been sent or have been here all the time. */
  abstract touch(): void

  /** No more of this agent, which has nothing more of it. The other side learns of it where it was the last. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.letGoIfUnused()
  }

  get closed(): boolean {
    return this.isClosed
  }

  get readable(): boolean {
    return this.receives && !this.isDeaf
  }

  /** Throws `Closed`: nobody here waits any more. */
  readonly checkOpen = (): void => {
    if (this.isClosed) throw plainError("Closed", { what: "connection" })
  }

  /** Throws `Closed` or `WrongDirection`. */
  readonly checkSending = (): void => {
    this.checkOpen()
    if (!this.sends) throw plainError("WrongDirection", { operation: "send" })
  }

  /** Throws `Closed` or `WrongDirection`. */
  readonly checkReceiving = (): void => {
    this.checkOpen()
    if (!this.readable) throw plainError("WrongDirection", { operation: "receive" })
  }

  /** Checks the length of a message; one that is too long is the last. */
  checkLength(bytes: Uint8Array, maxLength: number): void {
    if (bytes.length <= maxLength) return
    this.isDeaf = true
    if (!this.sends) this.close()
    throw plainError("BadLength", { length: bytes.length, maxLength })
  }
}

/** Of an end that this agent uses through its starter. */
export class RemoteConnection extends Side implements Remote {
  readonly id: string
  readonly pending = new Set<() => void>()
  /** The starter has it open for this agent. */
  private isOpenAtStarter = true
  readonly kept = new Kept<Received>()

  constructor(inner: Inner) {
    super(inner)
    this.id = inner.id
  }

  receive(): void {
    this.reopen()
    this.isOpenAtStarter = true
  }

  touch(): void {
    if (!this.isOpenAtStarter) this.receive()
  }

  override pass(isNew: boolean): () => void {
    this.isOpenAtStarter = true
    return super.pass(isNew)
  }

  override close(): void {
    super.close()
    for (const withdraw of this.pending) withdraw()
  }

  protected letGo(): void {
    this.isOpenAtStarter = false
    Calls.release(this.id)
  }
}

/** Of an end whose memory this agent shares. */
export class LocalConnection extends Side {
  private readonly me: number
  private readonly own: Holders.Holders
  private readonly other: Holders.Holders
  private readonly input: LocalRing | undefined
  private readonly output: LocalRing | undefined

  constructor(inner: Inner, { end, input, output, words }: Ends, user: Membership.User) {
    super(inner)
    const holders = (which: number): Holders.Holders => ({
      memory: attach(new Int32Array(words, 4 * Holders.WORDS * which, Holders.WORDS)),
      agents: user.table,
    })
    const isBroken = () => this.isBroken
    const ringOf = (shared: Shared | undefined): LocalRing | undefined =>
      shared &&
      new LocalRing(shared, user, {
        most: MOST_MESSAGES,
        limit: PIPE_BYTES,
        isShut: isBroken,
        isOver: isBroken,
      })
    this.me = user.id
    this.own = holders(end)
    this.other = holders(1 - end)
    this.input = ringOf(input)
    this.output = ringOf(output)
    // Who has sent it holds it open still, or has opened it for this agent.
    if (!Holders.isHolder(this.own, this.me)) Holders.open(this.own, this.me)
  }

  /** An agent is being sent this end. */
  readonly openFor = (receiver: number): (() => void) | undefined => {
    this.checkOpen()
    if (Holders.isHolder(this.own, receiver)) return undefined
    Holders.open(this.own, receiver)
    return () => Holders.close(this.own, receiver)
  }

  /** Nobody has the other end open. */
  get isBroken(): boolean {
    return !Holders.isHeld(this.other)
  }

  receive(): void {
    if (Holders.isHolder(this.own, this.me)) this.reopen()
  }

  touch(): void {
    // Where it is open for others only, a copy of this agent's own opens nothing.
    if (!this.isLent && Holders.isHolder(this.own, this.me)) this.reopen()
  }

  /** It is in a message that nobody has received yet. */
  readonly depart = (): (() => void) => {
    this.checkOpen()
    Holders.depart(this.own)
    return () => Holders.arrive(this.own)
  }

  /** This agent has received it in a message. */
  arrive(): void {
    Holders.open(this.own, this.me)
    this.reopen()
    Holders.arrive(this.own)
  }

  override pass(isNew: boolean): () => void {
    Holders.open(this.own, this.me)
    Holders.arrive(this.own)
    return super.pass(isNew)
  }

  /** Those who send, after `checkSending`. */
  get writers(): LocalTurn {
    return (this.output as LocalRing).writers
  }

  /** Those who receive, after `checkReceiving`. */
  get readers(): LocalTurn {
    return (this.input as LocalRing).readers
  }

  /** Sends a message. Throws `BrokenPipe`. */
  putOf(message: Message): Act<true> {
    return () => {
      if (this.isBroken) throw plainError("BrokenPipe", {})
      return (this.output as LocalRing).put(message)
    }
  }

  putSync(message: Message, milliseconds: number): boolean {
    return (this.output as LocalRing).putSync(message, this.putOf(message), milliseconds)
  }

  /** Receives the oldest message. Throws `Eof`, and what `read` throws of a message that it has received. */
  takeOf<A>(read: (message: Message) => A): Act<A> {
    return () => {
      // In this order: whatever was sent was there before its sender closed its end.
      const isBroken = this.isBroken
      const taken = (this.input as LocalRing).take(read)
      if (taken === NOTHING && isBroken) throw plainError("Eof", {})
      return taken
    }
  }

  /** There is a message, or there will be none, as something to do in a turn. */
  readonly poll: Act<true> = () => this.isBroken || (this.input as LocalRing).size > 0 || NOTHING

  giveUp(): void {
    this.output?.forgetNeed()
  }

  override close(): void {
    super.close()
    for (const ring of [this.input, this.output]) {
      ring?.readers.callAll()
      ring?.writers.callAll()
    }
  }

  protected letGo(): void {
    Holders.close(this.own, this.me)
    this.input?.wakeAll()
    this.output?.wakeAll()
  }
}
