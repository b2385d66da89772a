import { describe, expect, it } from "@effect/vitest"
import * as Agents from "@multifiber/kernel/Agents"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Ring from "@multifiber/kernel/Ring"
import * as Waiters from "@multifiber/kernel/Waiters"
import * as fc from "fast-check"
import { simulatedMemory } from "./simulatedMemory.ts"

/** The layout, as far as a test sets words itself. */
const PUTS = 0
const HEADS = 1
const GETS = 16
const TAILS = 17

const MOST = 2 ** 31 - 1
const NO_LIMIT = Number.POSITIVE_INFINITY

/** What a position holds. */
const cellOf = (position: number): number => position & (Ring.MAX_CELLS - 1)
const capacityOf = (position: number): number => 2 ** (position >>> 27)
const positionOf = (cell: number, capacity: number): number =>
  (Math.log2(capacity) * 2 ** 27 + (cell % 2 ** 27)) | 0

/** A message: its number, which its cells hold; and where it is. */
interface Message {
  readonly number: number
  readonly cells: number
  readonly at: number
}

interface Options {
  readonly capacity: number
  readonly most?: number
  readonly limit?: number
  /** The count and the position that it starts with. */
  readonly count?: number
  readonly cell?: number
}

/** `expect` takes too long for so many. */
const same = <A>(found: A, expected: A, what: string): void => {
  if (found !== expected) throw new Error(`${what} is ${found}, not ${expected}`)
}

/** A ring with what a plain array knows of it. It throws where what it holds is written over. */
class World {
  readonly words: Memory = simulatedMemory(Ring.WORDS)
  readonly agents: Memory = simulatedMemory(Agents.WORDS)
  readonly held: Array<Message> = []
  private readonly cells = new Map<number, number>()
  private readonly writers = simulatedMemory(Waiters.WORDS)
  private readonly readers = simulatedMemory(Waiters.WORDS)
  private readonly most: number
  private readonly limit: number
  private length: number
  private head: number
  private tail: number
  private count: number
  private nextNumber = 1

  constructor({ capacity, cell = 0, count = 0, limit = NO_LIMIT, most = MOST }: Options) {
    this.most = most
    this.limit = limit
    this.length = capacity
    this.count = count | 0
    this.head = this.tail = positionOf(cell, capacity)
    Ring.initialize(this.words, capacity)
    this.setWords()
  }

  private setWords(): void {
    const { count, head, words } = this
    for (const [counts, positions] of [
      [PUTS, HEADS],
      [GETS, TAILS],
    ] as const) {
      words.store(counts, count)
      words.store(positions + (count & 1), head)
      // What nobody may read any more.
      words.store(positions + (~count & 1), positionOf(12345, 1))
    }
  }

  /** As if others had put and got so many messages of so many cells in the meantime. */
  goOn(messages: number, cells: number): void {
    same(this.held.length, 0, "what it holds")
    this.count = (this.count + messages) | 0
    this.head = this.tail = positionOf(cellOf(this.head) + cells, capacityOf(this.head))
    this.setWords()
  }

  /** The cells as an agent has them, which sees the new ones only after it has asked for them. */
  private view(): Ring.Cells {
    let seen = this.length
    const within = (index: number): number => {
      if (index >= 2 * seen) throw new Error("it does not see this cell")
      return index
    }
    return {
      load: (index) => {
        const found = this.cells.get(within(index))
        if (found === undefined) throw new Error("it reads what nobody wrote")
        return found
      },
      store: (index, value) => {
        const cell = within(index) >> 1
        if (this.held.some(({ at, cells }) => cell >= at && cell < at + cells)) {
          throw new Error("it writes over a message")
        }
        this.cells.set(index, value)
      },
      reach: (cells) => {
        this.length = Math.max(this.length, cells)
        seen = this.length
      },
    }
  }

  attach(): Agent {
    const { agents, limit, most, readers, words, writers } = this
    const cells = this.view()
    const parts = {
      words,
      cells,
      writers,
      readers,
      agents,
      most,
      limit,
      isShut: () => false,
      isOver: () => false,
    }
    return { id: Agents.enter(agents, 0), ring: Ring.fromParts(parts) }
  }

  /** Whether a message of so many cells has a place in the ring as large as it is, in one piece. */
  private fits(cells: number): boolean {
    const { head, tail } = this
    const capacity = capacityOf(head)
    const toEnd = capacity - (cellOf(head) % capacity)
    if (capacity !== capacityOf(tail)) return cells < toEnd
    const used = cellOf(head - tail)
    return (cells <= toEnd && used + cells < capacity) || used + toEnd + cells < capacity
  }

  /** Whether a message of so many cells may be put. */
  hasRoom(cells: number): boolean {
    const { head, held, limit, most, tail } = this
    if (held.length >= most) return false
    const used = capacityOf(head) === capacityOf(tail) ? cellOf(head - tail) : NO_LIMIT
    if (held.length > 0 && used + cells > limit) return false
    return this.fits(cells) || (2 * cells < Ring.MAX_CELLS && capacityOf(head) < Ring.MAX_CELLS)
  }

  /** Puts a message; where the writer dies, it has not. */
  put({ id, ring }: Agent, cells: number, dies = false): boolean {
    const { head, held } = this
    const place = Ring.place(ring, id, cells)
    same(place !== undefined, this.hasRoom(cells), "that it has room")
    if (place === undefined) return false
    const { at } = place
    same(at + cells <= capacityOf(place.position), true, "that it is in the ring")
    same(capacityOf(place.position) > capacityOf(head), !this.fits(cells), "that it grows")
    const message = { number: this.nextNumber++, cells, at }
    for (const index of contentOf(message)) ring.cells.store(index, message.number)
    if (dies) return false
    Ring.put(ring, place)
    held.push(message)
    this.head = place.position
    return true
  }

  /** Takes a message; where the reader dies, it has not. */
  get({ ring }: Agent, dies = false): boolean {
    const place = Ring.first(ring)
    const [first] = this.held
    same(place?.at, first?.at, "the place of the first")
    if (place === undefined || first === undefined) return false
    same(ring.cells.load(2 * place.at), first.cells, "its size")
    for (const index of contentOf(first)) same(ring.cells.load(index), first.number, "what it says")
    if (dies) return false
    Ring.take(ring, place)
    this.held.shift()
    this.tail = place.position
    this.count = (this.count + 1) | 0
    return true
  }

  /** What an agent sees, without a message that found no room. */
  expectSeen({ ring }: Agent): void {
    same(Ring.size(ring), this.held.length, "the size")
    same(Ring.puts(ring), (this.count + this.held.length) | 0, "the count of puts")
    same(ring.readers.meaning.isOpen(0, 1), this.held.length > 0, "that readers may go")
  }

  expectOpen({ ring }: Agent, need: number): void {
    same(ring.writers.meaning.isOpen(0, 1), this.hasRoom(need), "that writers may go")
  }
}

interface Agent {
  readonly id: number
  readonly ring: Ring.Ring
}

/** Words of a message: all of a small one; of a large one the first, the last, and one between them. */
const contentOf = ({ at, cells }: Message): ReadonlyArray<number> => {
  const [first, last] = [2 * at + 1, 2 * (at + cells) - 1]
  return cells > 32
    ? [first, first + cells, last]
    : Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

const AGENTS = 4

/** Not as many as the counts begin anew after, while an agent does not look: it could not tell that from none. */
const MOST_OF_OTHERS = 2 ** 32 - 1000

const upTo = (max: number) => fc.integer({ min: 1, max })
const nearly = (value: number) => fc.integer({ min: -20, max: 20 }).map((by) => value + by)

/** What happens; `messages` and `cells` are how much the others put and get meanwhile. */
const stepOf = (sizes: fc.Arbitrary<number>) =>
  fc.record({
    kind: fc.constantFrom("put", "put", "put", "get", "get", "get", "drain", "die", "give up", "others"),
    agent: fc.nat(AGENTS - 1),
    looks: fc.nat(3 * AGENTS - 1),
    size: sizes,
    dies: fc.nat(9).map((chance) => chance === 0),
    messages: fc.oneof(upTo(9), upTo(MOST_OF_OTHERS)),
    cells: fc.oneof(upTo(99), upTo(2 ** 27), nearly(2 ** 27)),
  })

type Step = ReturnType<typeof stepOf> extends fc.Arbitrary<infer A> ? A : never

const optionsOf = (capacities: fc.Arbitrary<number>, limits: ReadonlyArray<number>) =>
  fc.record({
    capacity: capacities,
    most: fc.constantFrom(1, 2, 3, 8, MOST, MOST),
    limit: fc.constantFrom(...limits, NO_LIMIT),
    count: fc.constantFrom(0, 1, 2 ** 31 - 3, 2 ** 32 - 3),
    cell: fc.constantFrom(0, 5, 2 ** 26 - 7, 2 ** 27 - 9, 2 ** 27 - 1),
  })

/** Does it, and looks after each step with the eyes of some agent. */
const run = (options: Options, steps: ReadonlyArray<Step>): void => {
  const world = new World(options)
  const all = Array.from({ length: AGENTS }, () => world.attach())
  const at = (agent: number) => all[agent % AGENTS] as Agent
  /** Who found no room last, and for how much. */
  let needy: Need | undefined
  const forget = (agent: number): void => {
    if (needy?.agent === agent) needy = undefined
  }
  const bury = (agent: number): void => {
    Agents.leave(world.agents, at(agent).id)
    all[agent] = world.attach()
    forget(agent)
  }
  for (const { agent, cells, dies, kind, looks, messages, size } of steps) {
    if (kind === "put") {
      const hadRoom = world.hasRoom(size)
      const isPut = world.put(at(agent), size, dies)
      if (!hadRoom) needy = { agent, cells: size }
      if (isPut) {
        Ring.forgetNeed(at(agent).ring, at(agent).id)
        forget(agent)
      }
    }
    if (kind === "give up") {
      Ring.forgetNeed(at(agent).ring, at(agent).id)
      forget(agent)
    }
    if (kind === "get") world.get(at(agent), dies)
    if (kind === "drain") while (world.get(at(agent + world.held.length)));
    if (kind === "others" && world.held.length === 0) world.goOn(messages, cells)
    if (kind === "die" || dies) bury(agent)
    // Not all look each time: what they saw last has to hold.
    if (looks < AGENTS) world.expectSeen(at(looks))
    else if (looks < 2 * AGENTS) world.expectOpen(at(looks), needy?.cells ?? 1)
  }
  while (world.get(at(0)));
}

interface Need {
  readonly agent: number
  readonly cells: number
}

const agrees = (
  options: fc.Arbitrary<Required<Options>>,
  sizes: fc.Arbitrary<number>,
  runs: number,
): void => {
  fc.assert(fc.property(options, fc.array(stepOf(sizes), { maxLength: 150, size: "max" }), run), {
    numRuns: runs,
  })
}

const powers = (min: number, max: number) => fc.integer({ min, max }).map((power) => 2 ** power)

describe("Ring", () => {
  it("agrees with a plain array, whoever puts, gets or dies, and however far its counts have come", () => {
    agrees(optionsOf(powers(0, 4), [1, 4, 10, 25]), fc.oneof(upTo(3), upTo(20)), 2000)
  })

  it("does so where an empty ring begins anew", () => {
    agrees(optionsOf(powers(13, 16), [10_000]), fc.oneof(upTo(9), upTo(9000)), 1000)
  })

  it("does so up to its most cells", () => {
    const sizes = fc.oneof(upTo(9), upTo(Ring.MAX_MESSAGE), nearly(Ring.MAX_MESSAGE - 20))
    agrees(optionsOf(powers(20, 27), [2 ** 25]), sizes, 1000)
  })

  it("begins anew at its first cell where it is empty and has come far, and not before", () => {
    const ats = (size: number, until: number): ReadonlyArray<number> => {
      const world = new World({ capacity: 2 ** 15 })
      const [writer, reader] = [world.attach(), world.attach()]
      return Array.from({ length: until }, () => {
        expect(world.put(writer, size)).toBe(true)
        const { at } = world.held[0] as Message
        expect(world.get(reader)).toBe(true)
        return at
      })
    }
    expect(ats(3000, 6)).toEqual([0, 3000, 6000, 0, 3000, 6000])
    expect(ats(2 ** 13 - 1, 4)).toEqual([0, 2 ** 13 - 1, 0, 2 ** 13 - 1])
  })

  it("keeps writers waiting for the one that needs most, until it gives up, dies, or has its room", () => {
    const ends = {
      "gives up": (_: World, { id, ring }: Agent) => Ring.forgetNeed(ring, id),
      dies: ({ agents }: World, { id }: Agent) => Agents.leave(agents, id),
    }
    for (const end of Object.values(ends)) {
      const world = new World({ capacity: 16, limit: 10 })
      const [needy, other] = [world.attach(), world.attach()]
      expect([world.put(other, 4), world.put(other, 3), world.put(needy, 8)]).toEqual([true, true, false])
      world.expectOpen(other, 8)
      Ring.forgetNeed(other.ring, other.id)
      world.expectOpen(other, 8)
      end(world, needy)
      world.expectOpen(other, 1)
    }
    const world = new World({ capacity: 16, limit: 10 })
    const [needy, other] = [world.attach(), world.attach()]
    expect([world.put(other, 4), world.put(needy, 8)]).toEqual([true, false])
    world.get(other)
    world.expectOpen(other, 8)
  })

  it("has a place for the largest message, wherever the head of an empty ring is", () => {
    for (const cell of [0, 1, Ring.MAX_MESSAGE, Ring.MAX_MESSAGE + 1, Ring.MAX_MESSAGE + 2, 2 ** 27 - 1]) {
      const world = new World({ capacity: Ring.MAX_CELLS, cell })
      const agent = world.attach()
      expect(world.put(agent, Ring.MAX_MESSAGE)).toBe(true)
      expect(world.get(agent)).toBe(true)
    }
  })
})
