/** A ring as one agent has it: its cells, its turns, and its messages. */
import * as Agents from "@multifiber/kernel/Agents"
import { attach } from "@multifiber/kernel/Memory"
import * as Mutex from "@multifiber/kernel/Mutex"
import * as Ring from "@multifiber/kernel/Ring"
import * as Waiters from "@multifiber/kernel/Waiters"
import type { User } from "../agent/Membership.ts"
import { Kind, Left, loanIn, type Message } from "../wire/Message.ts"
import { type Act, LocalTurn, NOTHING, type Nothing } from "./LocalTurn.ts"

/** What a handle says of a ring: its words, and those of its user behind them; its cells, which may grow. */
export interface Shared {
  readonly words: SharedArrayBuffer
  readonly cells: SharedArrayBuffer
}

const WRITERS = Ring.WORDS
const READERS = WRITERS + Waiters.WORDS
/** Where the words of the user begin. */
export const USER = READERS + Waiters.WORDS

const CELL = 8
const FIRST_CELLS = 2 ** 14

/** Memory for a ring, and so many words of its user's. */
export const allocate = (userWords: number): Shared => {
  const words = new SharedArrayBuffer(4 * (USER + userWords))
  Ring.initialize(attach(new Int32Array(words, 0, Ring.WORDS)), FIRST_CELLS)
  return { words, cells: newCells() }
}

type Growable = { readonly grow: (bytes: number) => void }

const newCells = (): SharedArrayBuffer =>
  new (SharedArrayBuffer as new (bytes: number, options: object) => SharedArrayBuffer)(CELL * FIRST_CELLS, {
    maxByteLength: CELL * Ring.MAX_CELLS,
  })

class LocalCells implements Ring.Cells {
  private readonly memory: SharedArrayBuffer
  // Of fixed lengths: see `Memory.attach`.
  words: Int32Array
  numbers: Float64Array
  bytes: Uint8Array

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    const { byteLength } = memory
    this.words = new Int32Array(memory, 0, byteLength / 4)
    this.numbers = new Float64Array(memory, 0, byteLength / 8)
    this.bytes = new Uint8Array(memory, 0, byteLength)
  }

  load(index: number): number {
    return this.words[index] as number
  }

  store(index: number, value: number): void {
    this.words[index] = value
  }

  reach(cells: number): void {
    if (this.bytes.length >= CELL * cells) return
    if (this.memory.byteLength < CELL * cells) (this.memory as unknown as Growable).grow(CELL * cells)
    const { words, numbers, bytes } = new LocalCells(this.memory)
    Object.assign(this, { words, numbers, bytes })
  }

  write(at: number, message: Message): void {
    if (typeof message === "number") {
      this.words[2 * at + 1] = Kind.Number
      this.numbers[at + 1] = message
      return
    }
    const { bytes, kind } = message
    // What is left of the last cell goes into the header as well: the size counts cells only.
    this.words[2 * at + 1] = kind | ((-bytes.length & (CELL - 1)) << KIND_BITS)
    this.bytes.set(bytes, CELL * (at + 1))
  }

  read(at: number): Message {
    const head = this.words[2 * at + 1] as number
    const kind = (head & (2 ** KIND_BITS - 1)) as Kind
    if (kind === Kind.Number) return this.numbers[at + 1] as number
    const end = CELL * (at + (this.words[2 * at] as number)) - (head >> KIND_BITS)
    return { kind, bytes: this.bytes.subarray(CELL * (at + 1), end) }
  }
}

const KIND_BITS = 4

const cellsOf = (message: Message): number =>
  typeof message === "number" ? 2 : 1 + Math.ceil(message.bytes.length / CELL)

export type Options = Pick<Ring.Parts, "most" | "isShut" | "isOver"> & {
  /** How many bytes it uses at most, as far as it is not for a single message. */
  readonly limit: number
}

export class LocalRing {
  readonly writers: LocalTurn
  readonly readers: LocalTurn
  private readonly ring: Ring.Ring
  private readonly cells: LocalCells
  private readonly me: number
  /** A writer of this agent found no room. */
  private isNeedy = false

  constructor({ cells, words }: Shared, user: User, options: Options) {
    const part = (first: number, length: number) => attach(new Int32Array(words, 4 * first, length))
    this.me = user.id
    this.cells = new LocalCells(cells)
    this.ring = Ring.fromParts({
      ...options,
      limit: options.limit / CELL,
      words: part(0, Ring.WORDS),
      cells: this.cells,
      writers: part(WRITERS, Waiters.WORDS),
      readers: part(READERS, Waiters.WORDS),
      agents: user.table,
    })
    this.writers = new LocalTurn(this.ring.writers, user)
    this.readers = new LocalTurn(this.ring.readers, user)
  }

  get size(): number {
    return Ring.size(this.ring)
  }

  get puts(): number {
    return Ring.puts(this.ring)
  }

  /** Somebody is at it who may still put what he came with. */
  get isBeingWritten(): boolean {
    const writer = Mutex.holder(this.ring.writers)
    return writer !== 0 && Agents.isAlive(this.ring.writers.agents, writer)
  }

  /** Puts a message, in a turn of a writer. */
  put(message: Message): true | Nothing {
    const place = Ring.place(this.ring, this.me, cellsOf(message))
    this.isNeedy ||= place === undefined
    if (place === undefined) return NOTHING
    this.cells.write(place.at, message)
    loanIn(message)?.give()
    Ring.put(this.ring, place)
    this.forgetNeed()
    Ring.wake(this.ring.readers)
    return true
  }

  /** Puts a message by `act`, blocking the agent at most for `milliseconds`; tells whether it did. */
  putSync(message: Message, act: Act<true>, milliseconds: number): boolean {
    try {
      return this.writers.actSync(act, milliseconds) !== NOTHING
    } finally {
      this.forgetNeed()
      loanIn(message)?.drop()
    }
  }

  /** A writer that found no room has put its message, or gives up. */
  forgetNeed(): void {
    if (!this.isNeedy) return
    this.isNeedy = false
    Ring.forgetNeed(this.ring, this.me)
  }

  /** Takes the oldest message, in a turn of a reader, also where `read` throws; that gets bytes in shared memory. */
  take<A>(read: (message: Message) => A): A | Nothing {
    const place = Ring.first(this.ring)
    if (place === undefined) return NOTHING
    let isLeft = false
    try {
      return read(this.cells.read(place.at))
    } catch (error) {
      isLeft = error instanceof Left
      throw error instanceof Left ? error.error : error
    } finally {
      if (!isLeft) this.pass(place)
    }
  }

  private pass(place: Ring.Place): void {
    Ring.take(this.ring, place)
    Ring.wake(this.ring.writers)
  }

  /** Wakes all who wait: what they wait for may never come. */
  wakeAll(): void {
    Ring.wake(this.ring.writers)
    Ring.wake(this.ring.readers)
  }
}
