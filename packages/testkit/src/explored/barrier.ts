import type * as Kernel from "@multifiber/kernel"
import * as Agents from "@multifiber/kernel/Agents"
import * as Barrier from "@multifiber/kernel/Barrier"
import type { Memory } from "@multifiber/kernel/Memory"
import type { Sleep } from "@multifiber/kernel/Waiters"
import type { Bounded } from "../Explorer.ts"
import { region } from "../Simulation.ts"
import { barrierMutants } from "./barrierMutants.ts"
import { giveUpAtOnce, idOf, sleepUntilWoken } from "./gate.ts"
import type { Primitive } from "./primitive.ts"

const TABLE = Barrier.WORDS
/** How often the action has run. */
const ACTED = TABLE + Agents.WORDS
/** An agent has come to the point that its scenario is about. */
const REACHED = ACTED + 1
/** How many have come to a cycle. */
const CAME = REACHED + 1
const CYCLES = 3
/** How often each index was given, and how often each agent has passed. */
const GIVEN = CAME + CYCLES
const PASSED = GIVEN + 4
const WORDS = PASSED + 4

const STATE = 0
const PARTIES = 1
const SWEPT = 2
const PAST = 16
const WHO = 144
const GENERATION = 1 << 15
const FIRST_GENERATION = 1
const LAST_GENERATION = 2 ** 17 - 1

const table = (memory: Memory): Memory => region(memory, TABLE)
const of = (memory: Memory): Barrier.Barrier => ({ memory, agents: table(memory) })

/** What becomes of a wait: an index, or nothing where the barrier is broken. */
type Result = number | undefined

/** Nobody writes the places of agents that are not there, nor, without a death, the table. */
const constant = (agents: number, dying: boolean) => (index: number) => {
  if (index === PARTIES) return true
  if (index >= WHO + 2 * agents && index < TABLE) return true
  const place = index - TABLE
  if (place < 0 || index >= ACTED) return !dying && index === SWEPT
  return !dying || (place >= 16 + agents && place < 16 + Agents.PLACES)
}

interface Setting extends Pick<Partial<Bounded>, "preemptions" | "atEnd"> {
  readonly parties?: number
  /** Which agents may die, one of them in a schedule. */
  readonly dies?: ReadonlyArray<number>
  readonly initial?: (memory: Memory) => void
}

const scenario = (
  name: string,
  agents: Bounded["agents"],
  { dies, initial, parties = agents.length, preemptions = 3, ...judge }: Setting,
): Bounded => ({
  name,
  words: WORDS,
  initial: (memory) => {
    Barrier.initialize(memory, parties)
    for (let place = 0; place <= agents.length; place++) Agents.enter(table(memory), 0)
    initial?.(memory)
  },
  agents,
  preemptions,
  constant: constant(agents.length, dies !== undefined),
  ...(dies
    ? { death: { of: dies, marks: (memory, agent) => Agents.leave(table(memory), idOf(agent)) } }
    : {}),
  ...judge,
})

/** An agent in place 0 has died after it arrived in the first generation, and another has taken its place. */
const hasArrived = (memory: Memory): void => {
  memory.store(WHO, idOf(0))
  memory.store(WHO + 1, FIRST_GENERATION * GENERATION + 1)
  Agents.leave(table(memory), idOf(0))
  Agents.enter(table(memory), 0)
}

const expect = (truth: boolean, otherwise: string): void => {
  if (!truth) throw new Error(otherwise)
}

/** Each index came once, and the barrier is as it was made. */
const expectMet = (results: ReadonlyArray<Result>, memory: Memory): void => {
  expect(results.toSorted().join() === [...results.keys()].join(), `the indexes are ${results.join()}`)
  expectWhole(memory)
}

const expectWhole = (memory: Memory): void => {
  expect(!Barrier.isBroken(of(memory)), "it is broken")
  expect(Barrier.waiting(of(memory)) === 0, "somebody is left")
}

/** Either all of them have met, or none. */
const expectAgreed = (results: ReadonlyArray<Result>): void => {
  const passed = results.filter((each) => each !== undefined)
  expect(passed.length === 0 || passed.length === results.length, "some have passed, others not")
  expect(new Set(passed).size === passed.length, "an index came twice")
}

const scenarios: Primitive["scenarios"] = ({ Barrier }: typeof Kernel) => {
  const settle = (memory: Memory, ended: Barrier.Ended): Result => {
    const last = ended.is === "acts" ? act(memory, ended.since) : ended
    return last.is === "passed" ? last.index : undefined
  }

  const act = (memory: Memory, since: number): Barrier.Ended => {
    memory.add(ACTED, 1)
    return Barrier.complete(of(memory), since)
  }

  const wait = (memory: Memory, me: number, acts = false, sleep: Sleep = sleepUntilWoken): Result =>
    settle(memory, Barrier.wait(of(memory), me, acts, sleep))

  const waits =
    (me: number, acts = false, sleep: Sleep = sleepUntilWoken) =>
    (memory: Memory) =>
      wait(memory, me, acts, sleep)

  /** Goes on with an arrival that was made before. */
  const goesOn = (me: number) => (memory: Memory) => goesOnIn(memory, me, FIRST_GENERATION)

  const goesOnIn = (memory: Memory, me: number, since: number): Result => {
    for (;;) {
      const seen = Barrier.look(of(memory), me, false, since)
      if (seen.is !== "waits") return settle(memory, seen)
      memory.wait(STATE, seen.word, Number.POSITIVE_INFINITY)
    }
  }

  const waitsUntilPassed =
    (me: number, acts = false) =>
    (memory: Memory) => {
      for (;;) {
        const index = wait(memory, me, acts)
        if (index !== undefined) return index
      }
    }

  /** Passes several times, and never before the others have come and the action has run. */
  const cycles =
    (me: number, times: number, parties: number, acts = false) =>
    (memory: Memory) =>
      Array.from({ length: times }, (_, cycle) => {
        memory.add(CAME + cycle, 1)
        const index = wait(memory, me, acts)
        expect(memory.load(CAME + cycle) === parties, "it has passed alone")
        if (acts) expect(memory.load(ACTED) > cycle, "it has passed before the action")
        return index
      })

  /**
   * Passes once, after as many attempts as it takes: who finds the barrier broken mends it. Whoever passes for the n-th time has
   * met all others, of which each has come for the n-th time.
   */
  const passesOnce =
    (me: number, parties: number, sleep = sleepUntilWoken, acts = false) =>
    (memory: Memory) => {
      const own = PASSED + Agents.placeOf(me)
      const times = memory.load(own) + 1
      memory.add(CAME, 1)
      for (;;) {
        const index = wait(memory, me, acts, sleep)
        if (index !== undefined) {
          memory.add(GIVEN + index, 1)
          memory.add(own, 1)
          expect(memory.load(CAME) >= parties * times, "it has passed alone")
          if (acts) expect(memory.load(ACTED) >= times, "it has passed before the action")
          return
        }
        if (Barrier.isBroken(of(memory))) Barrier.reset(of(memory))
      }
    }

  /** Each index was given as often as the others. */
  const allGiven =
    (parties: number, times: number): NonNullable<Bounded["atEnd"]> =>
    (_, memory) => {
      for (let index = 0; index < parties; index++) {
        const given = memory.load(GIVEN + index)
        expect(given === times, `index ${index} was given ${given} times`)
      }
      expectWhole(memory)
    }

  /** Comes once, and goes on where that is in vain; an index is noted. */
  const comes =
    (me: number, sleep = sleepUntilWoken) =>
    (memory: Memory) => {
      const index = wait(memory, me, false, sleep)
      if (index !== undefined) memory.add(GIVEN + index, 1)
      else if (Barrier.isBroken(of(memory))) Barrier.reset(of(memory))
    }

  /** Each index was given as often as the others, but for one that has died with it; and the barrier lets others pass. */
  const allGivenButOne =
    (parties: number): NonNullable<Bounded["atEnd"]> =>
    (_, memory) => {
      const given = Array.from({ length: parties }, (_, index) => memory.load(GIVEN + index))
      const most = Math.max(...given)
      const missing = given.reduce((sum, times) => sum + most - times, 0)
      const deaths = Agents.deaths(table(memory))
      expect(missing <= deaths, `the indexes were given ${given.join()} times`)
      Barrier.isBroken(of(memory))
      Barrier.reset(of(memory))
      arrived(...Array(parties).fill(idOf(parties + 1)))(memory)
      expectWhole(memory)
    }

  const eachCycleMeets: Bounded["atEnd"] = (results, memory) => {
    const [first] = results as ReadonlyArray<ReadonlyArray<Result>>
    for (const cycle of (first as ReadonlyArray<Result>).keys()) {
      expectMet(
        results.map((each) => (each as ReadonlyArray<Result>)[cycle]),
        memory,
      )
    }
  }

  /** The second has left, or has met one of the others and then the other one. */
  const theOthersMeet: Bounded["atEnd"] = ([first, second, third], memory) => {
    if (second === "left") expectMet([first, third] as ReadonlyArray<Result>, memory)
    else expectWhole(memory)
  }

  const arrived =
    (...ids: ReadonlyArray<number>) =>
    (memory: Memory) => {
      for (const id of ids) Barrier.look(of(memory), id, false, undefined)
    }

  const abortsLater = (memory: Memory) => {
    memory.load(REACHED)
    Barrier.breakUp(of(memory))
  }

  const notForNothing: Bounded["atEnd"] = (_, memory) =>
    expect(memory.load(REACHED) === 0 || !Barrier.isBroken(of(memory)), "it broke for nothing")

  const [a, b, c, d] = [idOf(0), idOf(1), idOf(2), idOf(3)]

  /** Arrives, and leaves again where the others have not come; joins the late ones where they have. */
  const withdraws =
    (me: number, acts = false) =>
    (memory: Memory) => {
      const seen = Barrier.look(of(memory), me, acts, undefined)
      if (seen.is !== "waits") settle(memory, seen)
      else if (seen.since === undefined || Barrier.withdraw(of(memory), me, seen.since)) return "left"
      return wait(memory, me)
    }

  /** Arrives, leaves and comes again; where the other has met it before it could leave, that is enough. */
  const leavesAndComes = (me: number) => (memory: Memory) => {
    const seen = Barrier.look(of(memory), me, false, undefined)
    if (seen.is !== "waits") return settle(memory, seen)
    const since = seen.since as number
    return Barrier.withdraw(of(memory), me, since) ? wait(memory, me) : goesOnIn(memory, me, since)
  }

  const bothMeet: Bounded["atEnd"] = (results, memory) => expectMet(results as ReadonlyArray<Result>, memory)

  // The quick ones first: a bug is looked for until it is found.
  return [
    scenario("one of two gives up", [waits(a), waits(b, false, giveUpAtOnce)], {
      atEnd: (results, memory) => {
        expectAgreed(results as ReadonlyArray<Result>)
        expect(Barrier.isBroken(of(memory)) === (results[0] === undefined), "it broke after all had met")
      },
    }),
    scenario("one of two gives up while the action runs", [waits(a, true), waits(b, true, giveUpAtOnce)], {
      atEnd: (results) => expectAgreed(results as ReadonlyArray<Result>),
    }),
    scenario(
      "a waiter is late by two generations",
      [
        waits(a),
        (memory) => {
          const counted = Barrier.waiting(of(memory))
          Barrier.reset(of(memory))
          arrived(b, b)(memory)
          Barrier.breakUp(of(memory))
          return counted
        },
      ],
      {
        atEnd: ([index, counted]) =>
          expect(counted === 0 || index === undefined, "it has passed what was reset"),
      },
    ),
    scenario(
      "a later generation passes while two take their indexes",
      [
        waits(a),
        waits(b),
        (memory) => {
          if (memory.load(STATE) === (FIRST_GENERATION + 1) * GENERATION) arrived(c, c)(memory)
        },
      ],
      { parties: 2, atEnd: ([first, second], memory) => expectMet([first, second] as Array<Result>, memory) },
    ),
    scenario("one dies while it arrives", [arrived(a), arrived(b)], {
      parties: 3,
      dies: [0],
      atEnd: (_, memory) => {
        if (Agents.deaths(table(memory)) === 0 || Barrier.isBroken(of(memory))) return
        expect(Barrier.waiting(of(memory)) === 1, "it counts a dead one")
      },
    }),
    scenario("one dies while it arrives, the other gives up", [waits(a), waits(b, false, giveUpAtOnce)], {
      dies: [0],
    }),
    scenario(
      "one dies that has left",
      [
        (memory) => {
          const seen = Barrier.look(of(memory), a, false, undefined)
          if (seen.is !== "waits" || !Barrier.withdraw(of(memory), a, seen.since as number)) return
          memory.store(REACHED, 1)
          memory.load(REACHED)
        },
        arrived(b),
      ],
      { parties: 3, dies: [0], atEnd: notForNothing },
    ),
    scenario(
      "one dies that has come while the action runs",
      [
        (memory) => {
          const seen = Barrier.look(of(memory), a, false, undefined)
          if (seen.is !== "waits" || seen.since !== undefined) return
          memory.store(REACHED, 1)
          memory.load(REACHED)
        },
        (memory) => Barrier.look(of(memory), b, true, undefined),
      ],
      {
        parties: 2,
        initial: arrived(c),
        dies: [0],
        atEnd: notForNothing,
      },
    ),
    scenario("one that has arrived dies, after one that was not here", [abortsLater, waits(b)], {
      parties: 3,
      initial: (memory) => {
        arrived(a)(memory)
        Agents.leave(table(memory), idOf(2))
      },
      dies: [0],
    }),
    scenario("a new agent comes to the place of a dead one", [waits((2 << 8) | 0), waits(b)], {
      initial: (memory) => {
        memory.store(STATE, 2 * GENERATION)
        hasArrived(memory)
      },
      dies: [],
      atEnd: (results, memory) => expectMet(results as ReadonlyArray<Result>, memory),
    }),
    scenario("a new agent comes to the place of one that has died here", [waits((2 << 8) | 0), waits(b)], {
      parties: 3,
      initial: (memory) => {
        memory.store(STATE, GENERATION + 1)
        hasArrived(memory)
        memory.store(SWEPT, 1)
      },
      dies: [],
      atEnd: (results, memory) => {
        expect(
          results.every((each) => each === undefined),
          "it has passed with a dead one",
        )
        expect(Barrier.isBroken(of(memory)), "it is not broken")
      },
    }),
    scenario("two meet twice, with an action", [cycles(a, 2, 2, true), cycles(b, 2, 2, true)], {
      atEnd: (results, memory) => {
        eachCycleMeets(results, memory)
        expect(memory.load(ACTED) === 2, "the action has not run once for each time")
      },
    }),
    scenario("two meet when the generations begin anew", [cycles(a, 2, 2), cycles(b, 2, 2)], {
      initial: (memory) => {
        memory.store(STATE, LAST_GENERATION * GENERATION)
        for (const before of [1, 0, -1]) {
          const generation = LAST_GENERATION - before
          memory.store(PAST + (generation % 128), (generation - 128) * GENERATION)
        }
      },
      atEnd: eachCycleMeets,
    }),
    scenario(
      "one aborts while two meet",
      [waits(a), waits(b, true), (memory) => Barrier.breakUp(of(memory))],
      {
        parties: 2,
        atEnd: ([first, second], memory) => {
          expectAgreed([first, second] as ReadonlyArray<Result>)
          expect(Barrier.isBroken(of(memory)), "it is not broken")
        },
      },
    ),
    scenario(
      "one resets it while two meet",
      [waitsUntilPassed(a), waitsUntilPassed(b, true), (memory) => Barrier.reset(of(memory))],
      { parties: 2, atEnd: ([first, second], memory) => expectMet([first, second] as Array<Result>, memory) },
    ),
    scenario(
      "one comes while the action runs",
      [
        (memory) => {
          act(memory, FIRST_GENERATION)
          return wait(memory, a)
        },
        waits(b),
      ],
      {
        parties: 2,
        initial: (memory) => {
          arrived(a)(memory)
          Barrier.look(of(memory), a, true, undefined)
        },
        atEnd: bothMeet,
      },
    ),
    scenario("one of two leaves and comes again", [waits(a), leavesAndComes(b)], { atEnd: bothMeet }),
    scenario("one of two leaves and comes again, the other acts", [waits(a, true), leavesAndComes(b)], {
      atEnd: bothMeet,
    }),
    scenario("two meet three times", [cycles(a, 3, 2), cycles(b, 3, 2)], { atEnd: eachCycleMeets }),
    scenario("one that has arrived dies, unless it aborts", [abortsLater, waits(b), waits(c)], {
      parties: 4,
      initial: arrived(a),
      dies: [0],
      preemptions: 1,
    }),
    scenario("one leaves, two meet", [waits(a), withdraws(b), waits(c)], {
      parties: 2,
      preemptions: 1,
      atEnd: theOthersMeet,
    }),
    scenario("one leaves while the action may run", [waits(a, true), withdraws(b), waits(c, true)], {
      parties: 2,
      preemptions: 1,
      atEnd: theOthersMeet,
    }),
    scenario(
      "one dies in the action, one waits, one comes",
      [(memory) => act(memory, FIRST_GENERATION), goesOn(b), waits(c, false, giveUpAtOnce)],
      {
        parties: 2,
        initial: (memory) => {
          arrived(b)(memory)
          Barrier.look(of(memory), a, true, undefined)
        },
        dies: [0],
        preemptions: 1,
      },
    ),
    scenario("three meet twice", [cycles(a, 2, 3), cycles(b, 2, 3), cycles(c, 2, 3)], {
      preemptions: 1,
      atEnd: eachCycleMeets,
    }),
    scenario("three meet", [cycles(a, 1, 3), cycles(b, 1, 3), cycles(c, 1, 3)], {
      preemptions: 2,
      atEnd: eachCycleMeets,
    }),
    {
      ...scenario(
        "four meet again and again",
        [passesOnce(a, 4), passesOnce(b, 4), passesOnce(c, 4), passesOnce(d, 4)],
        { atEnd: allGiven(4, 20) },
      ),
      rounds: 20,
      runs: 1000,
    },
    {
      ...scenario(
        "three meet again and again, one may give up",
        [passesOnce(a, 3), passesOnce(b, 3, giveUpAtOnce), passesOnce(c, 3)],
        { atEnd: allGiven(3, 12) },
      ),
      rounds: 12,
      runs: 1000,
    },
    {
      ...scenario(
        "three with an action meet again and again, one may give up",
        [
          passesOnce(a, 3, sleepUntilWoken, true),
          passesOnce(b, 3, giveUpAtOnce, true),
          passesOnce(c, 3, sleepUntilWoken, true),
        ],
        { atEnd: allGiven(3, 12) },
      ),
      rounds: 12,
      runs: 1000,
    },
    {
      ...scenario(
        "three of four meet again and again, all may give up, one of them dies",
        [comes(a, giveUpAtOnce), comes(b, giveUpAtOnce), comes(c, giveUpAtOnce), comes(d, giveUpAtOnce)],
        { parties: 3, dies: [0, 1, 2], atEnd: allGivenButOne(3) },
      ),
      rounds: 12,
      runs: 1000,
    },
  ]
}

export const barrier: Primitive = { name: "Barrier", scenarios, mutants: barrierMutants }
