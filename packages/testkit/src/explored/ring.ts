import * as Kernel from "@multifiber/kernel"
import * as Agents from "@multifiber/kernel/Agents"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Ring from "@multifiber/kernel/Ring"
import * as Waiters from "@multifiber/kernel/Waiters"
import type { Bounded } from "../Explorer.ts"
import { region } from "../Simulation.ts"
import { expectNoSlots, giveUpAtOnce, idOf, POKED, STATE, sleepUntilWoken } from "./gate.ts"
import type { Primitive } from "./primitive.ts"
import { ringMutants } from "./ringMutants.ts"

const WRITERS = Ring.WORDS
const READERS = WRITERS + Waiters.WORDS
const TABLE = READERS + Waiters.WORDS
/** Nobody shall put any more, and who gets need not wait. */
const SHUT = TABLE + Agents.WORDS
/** How many cells there are by now. */
const LENGTH = SHUT + 1
const CELLS = LENGTH + 1
const MOST_CELLS = 64
/** An agent that does more is lost in the ring. */
const MOST_TOUCHED = 1000
const WORDS = CELLS + 2 * MOST_CELLS

const PUTS = 0
const HEADS = 1
const NEED = 3
const NEEDY = 4
const GETS = 16
const TAILS = 17
const SWEPT = 2
const SEEN = 3
const SLOT = 16
const GROWN = -2
const AGENT = 16

const ENOUGH = 2 ** 31 - 1

const table = (memory: Memory): Memory => region(memory, TABLE)

/** The cells as an agent has them: it comes only to those that it knows of. */
const cellsOf = (memory: Memory, first: number): Ring.Cells => {
  let known = first
  let touched = 0
  const at = (index: number): number => {
    if (++touched > MOST_TOUCHED) throw new Error("it reads on and on")
    if (index >= 2 * known) throw new Error("it does not know this cell")
    return CELLS + index
  }
  return {
    load: (index) => memory.load(at(index)),
    store: (index, value) => memory.store(at(index), value),
    reach: (cells) => {
      if (cells <= known) return
      if (cells > MOST_CELLS) throw new Error("it grows and grows")
      known = Math.max(cells, memory.load(LENGTH))
      if (known === cells) memory.store(LENGTH, cells)
    },
  }
}

/** How a ring is made. */
interface Shape {
  readonly capacity: number
  readonly most?: number
  readonly limit?: number
  /** Where all of one side are dead, the other need not wait. */
  readonly writers?: ReadonlyArray<number>
  readonly readers?: ReadonlyArray<number>
}

/** When who puts need not wait any more, and when who gets. */
const endsOf = ({ Agents }: typeof Kernel, memory: Memory, { readers = [], writers = [] }: Shape) => {
  const areGone = (all: ReadonlyArray<number>) =>
    all.length > 0 && all.every((id) => !Agents.isAlive(table(memory), id))
  return {
    isShut: () => memory.load(SHUT) !== 0 || areGone(readers),
    isOver: () => memory.load(SHUT) !== 0 || areGone(writers),
  }
}

const attach = (kernel: typeof Kernel, memory: Memory, shape: Shape): Ring.Ring =>
  kernel.Ring.fromParts({
    words: region(memory, 0),
    cells: cellsOf(memory, shape.capacity),
    writers: region(memory, WRITERS),
    readers: region(memory, READERS),
    agents: table(memory),
    most: shape.most ?? ENOUGH,
    limit: shape.limit ?? Number.POSITIVE_INFINITY,
    ...endsOf(kernel, memory, shape),
  })

/** A message as it went in or came out: which put or get it was, and who had put it as his how manieth. */
interface Moved {
  readonly count: number
  readonly number: number
}

interface Result {
  readonly put: ReadonlyArray<Moved>
  readonly got: ReadonlyArray<Moved>
}

/** The sleep of one that does not wait. */
const never: Waiters.Sleep = () => false

/** What is done in a turn: nothing where it has to wait, `end` where that is in vain. */
type Act = () => Moved | "end" | undefined

/** Those below were there at first. */
const FIRST_NUMBER = 16

const numberOf = (me: number, index: number): number => FIRST_NUMBER * (Agents.placeOf(me) + 1) + index

const expect = (truth: boolean, otherwise: string): void => {
  if (!truth) throw new Error(otherwise)
}

/** Nobody writes what belongs to agents that are not there; nor, without a death, the table; nor `SHUT` where nobody shuts it. */
const constant = (agents: number, dying: boolean, shutting: boolean) => (index: number) => {
  if (index === SHUT) return !shutting
  for (const gate of [WRITERS, READERS]) {
    const word = index - gate
    if (word < 0 || word >= Waiters.WORDS) continue
    if (word === SWEPT) return !dying
    return (word > SEEN && word < SLOT) || word >= SLOT + 2 * agents
  }
  if (index < TABLE || index > SHUT) return false
  return !dying || index >= TABLE + AGENT + agents
}

const gates = (memory: Memory) => [region(memory, WRITERS), region(memory, READERS)]

/** Somebody sleeps at a gate that nobody has swept since the death. */
const isOpen = (agents: number) => (memory: Memory) =>
  gates(memory).some(
    (gate) =>
      gate.load(SWEPT) !== Agents.deaths(table(memory)) &&
      Array.from({ length: agents }, (_, place) => gate.load(SLOT + 2 * place)).some((slot) => slot !== 0),
  )

/** Nobody is left at the gates, and what was put was got once, in its order, but for what the dead had in their hands. */
const judge = (shape: Shape, results: ReadonlyArray<Result | undefined>, memory: Memory): void => {
  const ring = attach(Kernel, memory, shape)
  const died = results.includes(undefined)
  for (const gate of [ring.writers, ring.readers]) {
    if (Agents.deaths(table(memory)) > 0) Waiters.sweep(gate)
    else expect(!(gate.memory.load(STATE) & POKED), "somebody is said to be awake")
    expectNoSlots(gate.memory, results.length)
    expect((gate.memory.load(STATE) & Waiters.VALUE) === 0, "a turn was not ended")
  }
  const isNeeded = memory.load(NEED) !== 0 && Agents.isAlive(table(memory), memory.load(NEEDY))
  expect(!isNeeded, "somebody is said to need room")
  const left: Array<Moved> = []
  for (let place = Ring.first(ring); place; place = Ring.first(ring)) {
    left.push({ count: place.count, number: readFrom(ring, place) })
    Ring.take(ring, place)
  }
  const put = new Map(results.flatMap((each) => each?.put ?? []).map(({ count, number }) => [count, number]))
  const got = [...results.flatMap((each) => each?.got ?? []), ...left]
  const counts = new Set(got.map(({ count }) => count))
  expect(counts.size === got.length, "two got the same")
  expect(new Set(got.map(({ number }) => number)).size === got.length, "a message came twice")
  for (const { count, number } of got) {
    const isRight = put.has(count) ? put.get(count) === number : died || number < FIRST_NUMBER
    expect(isRight, "a message is not what was put")
  }
  expect(died || [...put.keys()].every((count) => counts.has(count)), "a message was lost")
}

/** It never holds less than nothing, or more than it may. */
const watch = (most: number) => (memory: Memory) => () => {
  const gets = memory.load(GETS)
  const size = (memory.load(PUTS) - gets) | 0
  expect(size >= 0 && size <= most, `it holds ${size} messages`)
}

/** What a message says, all of which was put together. */
const readFrom = ({ cells }: Ring.Ring, { at, position }: Ring.Place): number => {
  const number = cells.load(2 * at + 1)
  const end = (position & (Ring.MAX_CELLS - 1)) % 2 ** (position >>> 27) || 2 ** (position >>> 27)
  for (let index = 2 * at + 2; index < 2 * end; index += 2) {
    expect(cells.load(index) === number, "a message was written over")
  }
  return number
}

interface Setting extends Shape {
  readonly dies?: ReadonlyArray<number>
  readonly initial?: (memory: Memory) => void
  readonly preemptions?: number
  /** The messages that it holds at first, by their cells. */
  readonly holds?: ReadonlyArray<number>
}

const scenarios: Primitive["scenarios"] = (kernel) => {
  const { Ring } = kernel

  type Body = (shape: Shape) => (memory: Memory) => Result

  const write = (ring: Ring.Ring, me: number, cells: number, number: number): Moved | undefined => {
    const place = Ring.place(ring, me, cells)
    if (place === undefined) return undefined
    ring.cells.store(2 * place.at + 1, number)
    for (let i = 1; i < cells; i++) ring.cells.store(2 * (place.at + i), number)
    Ring.put(ring, place)
    return { count: place.count, number }
  }

  const take = (ring: Ring.Ring): Moved | undefined => {
    const place = Ring.first(ring)
    if (place === undefined) return undefined
    const number = readFrom(ring, place)
    Ring.take(ring, place)
    return { count: place.count, number }
  }

  /** Takes its turn, as a thread that blocks does, until it has acted, or `sleep` gives up; tries only where it never sleeps. */
  const acts = (gate: Waiters.Gate, me: number, sleep: Waiters.Sleep, spins: number, act: Act) => {
    const finish = () => {
      const result = act()
      Ring.endTurn(gate, me)
      return result
    }
    let result = Ring.tryTurn(gate, me) ? finish() : undefined
    while (result === undefined && sleep !== never && Ring.turn(gate, me, sleep, spins)) result = finish()
    return result === "end" ? undefined : result
  }

  const sleepOn = ({ memory }: Waiters.Gate, me: number, ticket: number): void => {
    const { slot, value } = kernel.Waiters.wakeUp(me, ticket)
    memory.wait(slot, value, Number.POSITIVE_INFINITY)
  }

  /** The same as an event loop does it: it is told that it may go, and goes later. It may be interrupted before. */
  const actsLater = (gate: Waiters.Gate, me: number, act: Act, isInterrupted = false) => {
    const { Waiters } = kernel
    for (;;) {
      const ticket = Waiters.enlist(gate, me)
      let lost = 0
      for (let isCalled = false; ; ) {
        const seen = isCalled ? Waiters.look(gate, me, ticket, lost) : Waiters.peek(gate, me, ticket, lost)
        if (seen === "acquired" || seen === "abandoned") {
          expect(isCalled, "it has passed, though it only looked")
          break
        }
        if (seen === "lost") lost++
        else if (seen === "open") isCalled = true
        else if (isCalled) isCalled = false
        else sleepOn(gate, me, ticket)
        if (isCalled && isInterrupted) {
          Waiters.withdraw(gate, me, ticket)
          return undefined
        }
      }
      const result = act()
      Ring.endTurn(gate, me)
      if (result !== undefined) return result === "end" ? undefined : result
    }
  }

  interface Habits {
    readonly sleep?: Waiters.Sleep
    readonly spins?: number
    readonly later?: boolean
    readonly interrupted?: boolean
  }

  const acting =
    ({ interrupted, later, sleep = sleepUntilWoken, spins = 0 }: Habits) =>
    (gate: Waiters.Gate, me: number, act: Act) =>
      later ? actsLater(gate, me, act, interrupted) : acts(gate, me, sleep, spins, act)

  /** Puts messages of so many cells. */
  const puts =
    (me: number, sizes: ReadonlyArray<number>, habits: Habits = {}) =>
    (shape: Shape) =>
    (memory: Memory): Result => {
      const ring = attach(kernel, memory, shape)
      const { isShut } = endsOf(kernel, memory, shape)
      const put = sizes.flatMap((cells, index) => {
        const done = acting(habits)(ring.writers, me, () => {
          if (isShut()) return "end"
          const moved = write(ring, me, cells, numberOf(me, index))
          if (moved === undefined) return undefined
          Ring.forgetNeed(ring, me)
          Ring.wake(ring.readers)
          return moved
        })
        if (done === undefined) Ring.forgetNeed(ring, me)
        return done ?? []
      })
      return { put, got: [] }
    }

  /** Gets so many messages. */
  const gets =
    (me: number, times: number, habits: Habits = {}) =>
    (shape: Shape) =>
    (memory: Memory): Result => {
      const ring = attach(kernel, memory, shape)
      const { isOver } = endsOf(kernel, memory, shape)
      const got = Array.from({ length: times }).flatMap(
        () =>
          acting(habits)(ring.readers, me, () => {
            // Before it looks: who is over has put all before.
            const over = isOver()
            const moved = take(ring)
            if (moved === undefined) return over ? "end" : undefined
            Ring.wake(ring.writers)
            return moved
          }) ?? [],
      )
      return { put: [], got }
    }

  /** Looks how much it holds. */
  const looks: Body = (shape) => (memory) => {
    const size = Ring.size(attach(kernel, memory, shape))
    expect(size >= 0 && size <= (shape.most ?? ENOUGH), `it is said to hold ${size} messages`)
    return { put: [], got: [] }
  }

  /** Puts nothing more, and neither does anybody else. */
  const shuts: Body = (shape) => (memory) => {
    const ring = attach(kernel, memory, shape)
    memory.store(SHUT, 1)
    Ring.wake(ring.writers)
    Ring.wake(ring.readers)
    return { put: [], got: [] }
  }

  const scenario = (
    name: string,
    bodies: ReadonlyArray<Body>,
    { dies, holds = [], initial, preemptions = 3, ...shape }: Setting,
  ): Bounded => ({
    name,
    words: WORDS,
    initial: (memory) => {
      for (let place = 0; place <= bodies.length; place++) Agents.enter(table(memory), 0)
      memory.store(LENGTH, shape.capacity)
      Ring.initialize(region(memory, 0), shape.capacity)
      initial?.(memory)
      const ring = attach(kernel, memory, shape)
      for (const [index, cells] of holds.entries()) write(ring, idOf(bodies.length), cells, index + 1)
    },
    agents: bodies.map((body) => body(shape)),
    preemptions,
    constant: constant(bodies.length, dies !== undefined, bodies.includes(shuts)),
    unordered: (index) => index >= CELLS,
    ...(dies
      ? {
          death: {
            of: dies,
            marks: (memory, agent) => Agents.leave(table(memory), idOf(agent)),
            isOpen: isOpen(bodies.length),
          },
        }
      : {}),
    atEnd: (results, memory) => judge(shape, results as ReadonlyArray<Result | undefined>, memory),
  })

  const [a, b, c, d] = [idOf(0), idOf(1), idOf(2), idOf(3)]
  const givesUp: Habits = { sleep: giveUpAtOnce }
  const tries: Habits = { sleep: never }
  const spins: Habits = { spins: 2 }
  const later: Habits = { later: true }
  const interrupted: Habits = { later: true, interrupted: true }

  /** So many messages have come and gone, of one cell each. */
  const after =
    (count: number, cell: number, capacity: number) =>
    (memory: Memory): void => {
      const position = (Math.log2(capacity) * 2 ** 27 + cell) | 0
      for (const [counts, positions] of [
        [PUTS, HEADS],
        [GETS, TAILS],
      ] as const) {
        memory.store(counts, count)
        memory.store(positions + (count & 1), position)
      }
    }

  /** A writer and a reader have died in the middle of all that they do, and a writer that found no room. */
  const diedInTurns = (memory: Memory): void => {
    const dead = Agents.enter(table(memory), 0)
    for (const gate of gates(memory)) gate.store(STATE, dead)
    memory.store(NEED, 3)
    memory.store(NEEDY, dead)
    memory.store(HEADS + 1, -1)
    memory.store(TAILS + 1, -1)
    memory.store(CELLS, GROWN)
    Agents.leave(table(memory), dead)
  }

  const twoCells = { capacity: 2, most: 1 }
  const wrapping = after(-1, 2 ** 27 - 1, 2)

  return [
    scenario("a message would fill it from the beginning", [puts(a, [2, 1]), gets(b, 3)], {
      capacity: 4,
      initial: after(1, 2, 4),
      holds: [1],
      preemptions: 0,
    }),
    scenario("it grows twice while one is behind", [puts(a, [1, 1, 1, 1]), gets(b, 5)], {
      capacity: 2,
      initial: after(1, 3, 2),
      holds: [1],
      preemptions: 0,
    }),
    scenario("one of two that get may die", [puts(a, [1, 1]), gets(b, 1), gets(c, 1)], {
      capacity: 4,
      dies: [1],
      preemptions: 0,
    }),
    scenario("one of two that put may die", [puts(a, [1]), puts(b, [1]), gets(c, 1)], {
      capacity: 4,
      dies: [0],
      preemptions: 0,
    }),
    scenario("a message would fill what has grown", [puts(a, [2, 1]), gets(b, 3)], {
      capacity: 2,
      holds: [1],
      preemptions: 1,
    }),
    scenario("it is shut while one gets", [gets(a, 1), shuts], twoCells),
    scenario("one puts one, one gets it", [puts(a, [1]), gets(b, 1)], { capacity: 2 }),
    scenario("one is told that it may get, and gets later", [puts(a, [1]), gets(b, 1, later)], {
      capacity: 2,
    }),
    scenario("a message is larger than all that it may use", [puts(a, [5]), gets(b, 2)], {
      capacity: 4,
      limit: 3,
      holds: [1],
      preemptions: 1,
    }),
    scenario("one puts, one of two that get gives up", [puts(a, [1]), gets(b, 1), gets(c, 1, givesUp)], {
      capacity: 4,
      holds: [1],
      preemptions: 1,
    }),
    scenario("one of two gets later", [puts(a, [1]), gets(b, 1, later), gets(c, 1)], {
      capacity: 4,
      holds: [1],
      preemptions: 1,
    }),
    scenario("who puts may die, who gets learns of it", [puts(a, [1]), gets(b, 1)], {
      ...twoCells,
      writers: [a],
      dies: [0],
      preemptions: 2,
    }),
    scenario("it is shut while one puts", [puts(a, [1]), shuts], { ...twoCells, holds: [1] }),
    scenario("a message goes round the end", [puts(a, [3, 1]), gets(b, 2)], {
      capacity: 8,
      initial: (memory) => {
        after(1, 2 ** 27 - 2, 8)(memory)
        // What messages have left there.
        for (const cell of [6, 7]) memory.store(CELLS + 2 * cell, 1)
      },
      preemptions: 2,
    }),
    scenario("when counts and cells begin anew", [puts(a, [1, 1]), gets(b, 2)], {
      ...twoCells,
      initial: wrapping,
      preemptions: 1,
    }),
    scenario("one puts two, one gets two, with room for one", [puts(a, [1, 1]), gets(b, 2)], {
      ...twoCells,
      preemptions: 1,
    }),
    scenario("one that was told to get dies", [puts(a, [1, 1]), gets(b, 1, later), gets(c, 1)], {
      capacity: 4,
      dies: [1],
      preemptions: 0,
    }),
    scenario("one puts later, into a full ring", [puts(a, [1], later), gets(b, 1)], {
      ...twoCells,
      holds: [1],
    }),
    scenario("one puts into a full ring, one gets", [puts(a, [1]), gets(b, 1)], { ...twoCells, holds: [1] }),
    scenario("who gets dies while one looks for room", [puts(a, [1, 1, 1], tries), gets(b, 2)], {
      capacity: 4,
      limit: 3,
      holds: [1, 2],
      dies: [1],
      preemptions: 1,
    }),
    scenario("it is shut while two get", [gets(a, 1), gets(b, 1), shuts], { ...twoCells, preemptions: 1 }),
    scenario("two have died in their turns", [puts(a, [1, 1]), gets(b, 2)], {
      ...twoCells,
      initial: diedInTurns,
      dies: [],
      preemptions: 1,
    }),
    scenario(
      "one of two is told, and is interrupted",
      [puts(a, [1, 1]), gets(b, 1, interrupted), gets(c, 1)],
      {
        capacity: 4,
        preemptions: 1,
      },
    ),
    scenario("it grows while one reads", [puts(a, [1, 2]), gets(b, 2)], {
      capacity: 2,
      holds: [1],
      preemptions: 2,
    }),
    scenario("one puts, two get", [puts(a, [1, 1]), gets(b, 1), gets(c, 1)], { capacity: 4, preemptions: 1 }),
    scenario("one puts where another has made it grow", [puts(a, [2]), puts(b, [1]), gets(c, 2)], {
      capacity: 1,
      preemptions: 1,
    }),
    scenario(
      "one of two that put needs more than there is, and dies",
      [puts(a, [3], givesUp), puts(b, [1])],
      {
        capacity: 4,
        limit: 3,
        holds: [2],
        dies: [0],
        preemptions: 1,
      },
    ),
    scenario("it is shut while two put", [puts(a, [1]), puts(b, [1]), shuts], {
      ...twoCells,
      holds: [1],
      preemptions: 1,
    }),
    scenario("two put, one gets", [puts(a, [1]), puts(b, [1]), gets(c, 2)], { ...twoCells, preemptions: 1 }),
    scenario(
      "one of two that put needs more than there is, and gives up",
      [puts(a, [3], givesUp), puts(b, [1])],
      {
        capacity: 4,
        limit: 3,
        holds: [2],
        preemptions: 2,
      },
    ),
    scenario("who gets may die, who puts learns of it", [puts(a, [1]), gets(b, 1)], {
      ...twoCells,
      holds: [1],
      readers: [b],
      dies: [1],
      preemptions: 1,
    }),
    scenario(
      "one puts two, one gets two, one looks how many there are",
      [puts(a, [1, 1]), gets(b, 2), looks],
      {
        ...twoCells,
        preemptions: 1,
      },
    ),
    scenario("two need room, one for more", [puts(a, [2]), puts(b, [1]), gets(c, 2)], {
      capacity: 4,
      limit: 3,
      holds: [2],
      preemptions: 0,
    }),
    {
      ...scenario(
        "two put again and again, two get",
        [puts(a, [1, 2, 1, 3]), puts(b, [1, 1, 2, 1]), gets(c, 4, spins), gets(d, 4)],
        { capacity: 2, most: 3 },
      ),
      watch: watch(3),
      runs: 300,
    },
    {
      ...scenario(
        "two put what needs much room, one gives up, one gets",
        [puts(a, [3, 1, 3]), puts(b, [1, 2], spins), gets(c, 5), puts(d, [3], givesUp)],
        { capacity: 4, limit: 4 },
      ),
      watch: watch(ENOUGH),
      runs: 300,
    },
    {
      ...scenario(
        "one of two that put dies",
        [puts(a, [1, 2, 1, 1]), puts(b, [1, 1, 2, 1]), gets(c, 2), gets(d, 2)],
        { capacity: 4, most: 4, dies: [0, 1] },
      ),
      watch: watch(4),
      runs: 300,
    },
    {
      ...scenario(
        "one of two that get dies",
        [puts(a, [1, 2]), puts(b, [2, 1]), gets(c, 2), gets(d, 2, later)],
        {
          capacity: 4,
          most: 2,
          dies: [2, 3],
        },
      ),
      watch: watch(2),
      runs: 300,
    },
    {
      ...scenario(
        "two put, one gets, all of them later; one is interrupted each time",
        [puts(a, [1, 1, 1], later), puts(b, [1, 2, 1], later), gets(c, 3, interrupted), gets(d, 4, later)],
        { capacity: 2, most: 2 },
      ),
      watch: watch(2),
      runs: 300,
    },
  ]
}

export const ring: Primitive = { name: "Ring", scenarios, mutants: ringMutants }
