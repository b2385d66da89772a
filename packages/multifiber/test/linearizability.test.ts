/** Histories that real agents leave at the primitives are linearizable; those at broken objects are not. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as History from "@multifiber/testkit/History"
import * as Linearizability from "@multifiber/testkit/Linearizability"
import * as sequential from "@multifiber/testkit/models/sequential"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as BarrierSync from "../src/BarrierSync.ts"
import * as BoundedSemaphoreSync from "../src/BoundedSemaphoreSync.ts"
import * as ConditionSync from "../src/ConditionSync.ts"
import * as EventSync from "../src/EventSync.ts"
import * as LockSync from "../src/LockSync.ts"
import * as Process from "../src/Process.ts"
import * as QueueSync from "../src/QueueSync.ts"
import * as RLockSync from "../src/RLockSync.ts"
import * as Semaphore from "../src/Semaphore.ts"
import * as SemaphoreSync from "../src/SemaphoreSync.ts"
import * as ValueSync from "../src/ValueSync.ts"
import { type Call, type Game, type Performed, type Plain, playAll } from "./fixtures/histories.ts"
import { live, within } from "./live.ts"

const AGENTS = 3
const ROUNDS = 100

type Model = Linearizability.Model<any, Call, Plain>

/** An object, how it is used, and what it ought to be. */
interface Subject {
  readonly name: string
  readonly kind: Game["kind"]
  readonly it: unknown
  readonly model: Model
  /** The calls of one agent in one round. */
  readonly calls: (agent: number) => fc.Arbitrary<ReadonlyArray<Call>>
}

/** Some of these calls. */
const some =
  (...calls: ReadonlyArray<Call>) =>
  (): fc.Arbitrary<ReadonlyArray<Call>> =>
    fc.array(fc.constantFrom(...calls), { minLength: 4, maxLength: 12 })

/** The same calls, so many times at most. */
const again =
  (...calls: ReadonlyArray<Call>) =>
  (): fc.Arbitrary<ReadonlyArray<Call>> =>
    fc.integer({ min: 4, max: 16 }).map((times) => Array.from({ length: times }, () => calls).flat())

const gameOf = ({ calls, it, kind }: Subject, rounds: number): Game => ({
  kind,
  it,
  flags: Flags.make(History.WORDS),
  scripts: Array.from({ length: AGENTS }, (_, agent) => fc.sample(calls(agent), rounds)),
})

/** Has real agents use each subject; gives what they did. */
const histories = (subjects: ReadonlyArray<Subject>, rounds = ROUNDS) =>
  Effect.gen(function* () {
    const games = subjects.map((subject) => gameOf(subject, rounds))
    const agents = yield* Effect.forEach(Array.from({ length: AGENTS }).keys(), (agent) =>
      Effect.tap(Process.make(playAll, [games, agent]), Process.start),
    )
    const played = yield* Effect.forEach(agents, (agent) => Effect.flatten(Process.result(agent)))
    return subjects.map((subject, n) => ({ subject, history: played.flatMap((each) => each[n] ?? []) }))
  }).pipe(within(20))

/** How many operations began before an earlier one had ended. */
const overlaps = (history: ReadonlyArray<Performed>): number => {
  let latest = -1
  let count = 0
  for (const { begin, end } of history.toSorted((left, right) => left.begin - right.begin)) {
    if (begin < latest) count++
    latest = Math.max(latest, end ?? latest)
  }
  return count
}

const expectLinearizable = (
  subjects: ReadonlyArray<Subject>,
  read = (history: ReadonlyArray<Performed>) => history,
) =>
  Effect.map(histories(subjects), (all) => {
    for (const { history, subject } of all) {
      const verdict = Linearizability.check(read(history), subject.model)
      if (!verdict.linearizable) {
        const from = verdict.from.map(String).join(" or ")
        expect.fail(`${subject.name}, which was ${from}:\n${Linearizability.show(verdict.window)}`)
      }
    }
    expect(all.reduce((sum, { history }) => sum + overlaps(history), 0)).toBeGreaterThan(0)
  })

const gates: ReadonlyArray<Subject> = [
  {
    name: "Lock",
    kind: "lock",
    it: LockSync.makeSync(),
    model: sequential.gate(1, 1, "acquired"),
    calls: some(["tryAcquire"], ["acquire", 1], ["release"], ["release"], ["isLocked"]),
  },
  {
    name: "Lock, never waiting",
    kind: "lock",
    it: LockSync.makeSync(),
    model: sequential.gate(1, 1, "acquired"),
    calls: some(["tryAcquire"], ["tryAcquire"], ["release"], ["isLocked"]),
  },
  {
    name: "Lock, held in turn",
    kind: "lock",
    it: LockSync.makeSync(),
    model: sequential.gate(1, 1, "acquired"),
    calls: again(["acquire"], ["isLocked"], ["tryAcquire"], ["release"]),
  },
  {
    name: "Lock, fought for",
    kind: "lock",
    it: LockSync.makeSync(),
    model: sequential.gate(1, 1, "acquired"),
    calls: again(["acquire"], ["release"], ["tryAcquire"], ["release"]),
  },
  {
    name: "RLock",
    kind: "rlock",
    it: RLockSync.makeSync(),
    model: sequential.rlock,
    calls: (agent) =>
      some(
        ["tryAcquire", agent],
        ["acquire", agent, 1],
        ["release", agent],
        ["release", agent],
        ["depth", agent],
        ["isLocked"],
      )(),
  },
  {
    name: "Semaphore",
    kind: "semaphore",
    it: Effect.runSync(Semaphore.make(2)),
    model: sequential.gate(2, SemaphoreSync.MAX, true),
    calls: some(["tryAcquire"], ["acquire", 1], ["acquire", 1], ["release", 1], ["release", 2], ["permits"]),
  },
  {
    name: "Semaphore, held in turn",
    kind: "semaphore",
    it: Effect.runSync(Semaphore.make(2)),
    model: sequential.gate(2, SemaphoreSync.MAX, true),
    calls: again(["acquire"], ["permits"], ["release", 1]),
  },
  {
    name: "Semaphore, several at once",
    kind: "semaphore",
    it: Effect.runSync(Semaphore.make(3)),
    model: sequential.gate(3, SemaphoreSync.MAX, true),
    calls: some(
      ["tryAcquire", 2],
      ["acquire", 1, 2],
      ["acquire", 1, 3],
      ["acquire", 1],
      ["release", 1],
      ["release", 3],
      ["permits"],
    ),
  },
  {
    name: "Semaphore, several held in turn",
    kind: "semaphore",
    it: Effect.runSync(Semaphore.make(3)),
    model: sequential.gate(3, SemaphoreSync.MAX, true),
    calls: (agent) =>
      again(["acquire", undefined, agent + 1], ["tryAcquire", 4], ["permits"], ["release", agent + 1])(),
  },
  {
    name: "BoundedSemaphore, several at once",
    kind: "bounded",
    it: BoundedSemaphoreSync.unsafeMake(3),
    model: sequential.gate(3, 3, true),
    calls: some(
      ["tryAcquire", 3],
      ["acquire", 1, 2],
      ["acquire", 1],
      ["release", 2],
      ["release"],
      ["permits"],
    ),
  },
  {
    name: "BoundedSemaphore, several held in turn",
    kind: "bounded",
    it: BoundedSemaphoreSync.unsafeMake(3),
    model: sequential.gate(3, 3, true),
    calls: (agent) => again(["acquire", undefined, agent + 1], ["release", agent + 1])(),
  },
  {
    name: "BoundedSemaphore",
    kind: "bounded",
    it: BoundedSemaphoreSync.unsafeMake(2),
    model: sequential.gate(2, 2, true),
    calls: some(["tryAcquire"], ["acquire", 1], ["acquire", 1], ["release"], ["release"], ["permits"]),
  },
]

const queue = (name: string, capacity: number, ...calls: ReadonlyArray<Call>): Subject => ({
  name,
  kind: "queue",
  it: QueueSync.makeSync(capacity),
  model: sequential.queue(capacity),
  calls: some(...calls),
})

const queues: ReadonlyArray<Subject> = [
  queue("Queue of 1", 1, ["put", 1, 1], ["put", 2, 1], ["get", 1], ["tryPut", 3], ["tryGet"], ["size"]),
  queue("Queue of 2", 2, ["put", 1, 1], ["put", 2, 1], ["get", 1], ["get", 1], ["size"]),
  queue("Queue of 3, never waiting", 3, ["tryPut", 1], ["tryPut", 2], ["tryGet"], ["tryGet"], ["size"]),
]

const int32 = (value: number) => value | 0
const int64 = (value: bigint) => BigInt.asIntN(64, value)
const uint64 = (value: bigint) => BigInt.asUintN(64, value)
const HALVES = 5n * 2n ** 32n + 7n

const numbers = some(
  ["get"],
  ["set", 1],
  ["fetchAdd", 1],
  ["compareExchange", 1, 2],
  ["compareExchange", 2, 1],
)
const bigs = some(
  ["get"],
  ["set", 0n],
  ["set", HALVES],
  ["fetchAdd", HALVES],
  ["compareExchange", 0n, -1n],
  ["compareExchange", HALVES, 0n],
)

const values: ReadonlyArray<Subject> = [
  {
    name: "Value of i32",
    kind: "value",
    it: ValueSync.makeSync("i32"),
    model: sequential.value(0, int32),
    calls: () =>
      fc.tuple(numbers(), fc.array(fc.constant<Call>(["double"]), { maxLength: 2 })).map((all) => all.flat()),
  },
  {
    name: "Value of i32 without a lock",
    kind: "value",
    it: ValueSync.rawSync("i32"),
    model: sequential.value(0, int32),
    calls: numbers,
  },
  {
    name: "Value of i64",
    kind: "value",
    it: ValueSync.makeSync("i64"),
    model: sequential.value(0n, int64),
    calls: bigs,
  },
  {
    name: "Value of u64 without a lock",
    kind: "value",
    it: ValueSync.rawSync("u64"),
    model: sequential.value(0n, uint64),
    calls: some(["get"], ["set", 0n], ["set", HALVES], ["fetchAdd", HALVES], ["compareExchange", HALVES, 0n]),
  },
  {
    name: "Value of f64 without a lock",
    kind: "value",
    it: ValueSync.rawSync("f64"),
    model: sequential.value(0),
    calls: some(["get"], ["get"], ["set", 0], ["set", Math.PI], ["set", -1e300]),
  },
  {
    name: "Value of a string",
    kind: "value",
    it: ValueSync.makeSync({ string: 40 }),
    model: sequential.value(""),
    calls: some(["get"], ["get"], ["set", "a".repeat(40)], ["set", "b".repeat(40)], ["set", "c"]),
  },
  {
    name: "Event",
    kind: "event",
    it: EventSync.makeSync(),
    model: sequential.event,
    calls: some(["set"], ["clear"], ["isSet"], ["wait", 0], ["wait", 1]),
  },
]

/** What one agent does at a condition: it has the lock, but for once in a while, and gives it back. */
const conditionCalls =
  (...waits: ReadonlyArray<number | undefined>) =>
  (agent: number): fc.Arbitrary<ReadonlyArray<Call>> => {
    const inside = fc.constantFrom<Call>(
      ...waits.map((milliseconds): Call => ["wait", agent, milliseconds]),
      ["notify", agent, 1],
      ["notify", agent, 2],
      ["notify", agent, Number.POSITIVE_INFINITY],
    )
    const guarded = inside.map((call): ReadonlyArray<Call> => [["acquire", agent], call, ["release", agent]])
    const both = fc
      .tuple(guarded, guarded)
      .map(([[acquire, one], [, other, release]]) => [acquire, one, other, release] as ReadonlyArray<Call>)
    const alone = inside.map((call) => [call])
    return fc
      .array(
        fc.oneof(
          { weight: 6, arbitrary: guarded },
          { weight: 2, arbitrary: both },
          { weight: 1, arbitrary: alone },
        ),
        { minLength: 2, maxLength: 5 },
      )
      .map((all) => all.flat())
  }

const waits: ReadonlyArray<Subject> = [
  {
    name: "Condition",
    kind: "condition",
    it: ConditionSync.makeSync(),
    model: sequential.condition,
    calls: conditionCalls(0, 1, 2),
  },
  {
    name: "Barrier, left and mended",
    kind: "barrier",
    it: BarrierSync.unsafeMake(2, Number.POSITIVE_INFINITY),
    model: sequential.barrier(2),
    calls: (agent) =>
      some(
        ["wait", agent, 0],
        ["wait", agent, 1],
        ["wait", agent, 1],
        ["wait", agent, 2],
        ["abort", agent],
        ["reset", agent],
        ["reset", agent],
        ["isBroken", agent],
        ["waiting", agent],
      )(),
  },
  {
    name: "Barrier, again and again",
    kind: "barrier",
    it: BarrierSync.unsafeMake(AGENTS, Number.POSITIVE_INFINITY),
    model: sequential.barrier(AGENTS),
    calls: (agent) => fc.constant(Array.from({ length: 8 }, (): Call => ["wait", agent])),
  },
]

const words = () => new Int32Array(new SharedArrayBuffer(8))

const racyCounter = (): Subject => ({
  name: "a counter that reads, then writes",
  kind: "racyCounter",
  it: words(),
  model: sequential.value(0, int32),
  calls: again(["fetchAdd", 1]),
})

const tornValue = (): Subject => ({
  name: "a value that is written in halves",
  kind: "tornValue",
  it: words(),
  model: sequential.value("0 0"),
  calls: some(["get"], ["get"], ["set", "0 0"], ["set", "5 7"]),
})

/** An operation of a history by hand. */
const did = (
  agent: number,
  [begin, end]: readonly [number, number?],
  call: Call,
  result?: Plain,
): Performed => ({
  agent,
  call,
  result,
  begin,
  end,
})

describe("the check of histories", () => {
  const counter = sequential.value(0)

  it("takes any order of operations that overlap, and no other", () => {
    const overlap = [did(0, [0, 3], ["fetchAdd", 1], 1), did(1, [1, 2], ["fetchAdd", 1], 0)]
    expect(Linearizability.check(overlap, counter)).toEqual({ linearizable: true })
    const inTurn = [did(0, [0, 1], ["fetchAdd", 1], 1), did(1, [2, 3], ["fetchAdd", 1], 0)]
    expect(Linearizability.check(inTurn, counter)).toEqual({
      linearizable: false,
      window: [inTurn[0]],
      from: [0],
    })
  })

  it("finds the lost update of a counter, and shows only what belongs to it", () => {
    const history = [
      did(0, [0, 1], ["fetchAdd", 1], 0),
      did(1, [2, 5], ["fetchAdd", 1], 1),
      did(2, [3, 4], ["fetchAdd", 1], 1),
      did(0, [6, 7], ["get"], 3),
    ]
    const verdict = Linearizability.check(history.toReversed(), counter)
    expect(verdict).toEqual({ linearizable: false, window: [history[1], history[2]], from: [1] })
    expect(Linearizability.show(history.slice(1, 2))).toBe('2–5 agent 1: ["fetchAdd",1] => 1')
  })

  it("finds the torn read of 64 bits", () => {
    const torn = [
      did(0, [0, 3], ["set", HALVES]),
      did(1, [1, 2], ["get"], BigInt.asUintN(32, HALVES)),
      did(1, [4, 5], ["get"], HALVES),
    ]
    expect(Linearizability.check(torn, sequential.value(0n))).toMatchObject({
      linearizable: false,
      window: torn.slice(0, 2),
    })
  })

  it("finds a read that goes back in time between two agents", () => {
    const history = [
      did(0, [0, 7], ["set", 1]),
      did(1, [1, 2], ["get"], 1),
      did(2, [3, 4], ["get"], 0),
      did(2, [5, 6], ["get"], 1),
    ]
    expect(Linearizability.check(history, counter)).toMatchObject({
      linearizable: false,
      window: history.slice(0, 3),
    })
    const forth = [history[0], did(1, [1, 2], ["get"], 0), did(2, [3, 4], ["get"], 1)] as Array<Performed>
    expect(Linearizability.check(forth, counter).linearizable).toBe(true)
  })

  it("an operation without an end may have taken effect or not", () => {
    const open = did(0, [0], ["set", 1])
    for (const seen of [0, 1])
      expect(Linearizability.check([open, did(1, [1, 2], ["get"], seen)], counter).linearizable).toBe(true)
    const back = [open, did(1, [1, 2], ["get"], 1), did(1, [3, 4], ["get"], 0)]
    expect(Linearizability.check(back, counter).linearizable).toBe(false)
  })

  it("a free lock may be refused beside one who waits, and only then", () => {
    const lock = sequential.gate(1, 1, "acquired")
    const refused = did(0, [0, 1], ["tryAcquire"], false)
    expect(Linearizability.check([refused], lock).linearizable).toBe(false)
    const history = [did(0, [1, 2], ["tryAcquire"], false), did(1, [0, 3], ["acquire"], "acquired")]
    expect(Linearizability.check(history, lock).linearizable).toBe(true)
    const two = [did(0, [0, 2], ["acquire"], "acquired"), did(1, [1, 3], ["acquire"], "acquired")]
    expect(Linearizability.check(two, lock).linearizable).toBe(false)
  })

  describe("in halves", () => {
    const isLinearizable = (model: Model, ...history: ReadonlyArray<Performed>) =>
      Linearizability.check(sequential.inHalves(history), model).linearizable

    it("a barrier lets pass only those that have met, each with an index of its own", () => {
      const barrier = sequential.barrier(2)
      const waits = (
        agent: number,
        [begin, end]: readonly [number, number],
        result: Plain,
        within?: number,
      ) => did(agent, [begin, end], ["wait", agent, within], result)
      expect(isLinearizable(barrier, waits(0, [0, 3], 1), waits(1, [1, 2], 0))).toBe(true)
      expect(isLinearizable(barrier, waits(0, [0, 3], 1), waits(1, [1, 2], 1))).toBe(false)
      expect(isLinearizable(barrier, waits(0, [0, 1], 0), waits(1, [2, 3], 1))).toBe(false)
      expect(isLinearizable(barrier, waits(0, [0, 1], 0))).toBe(false)
      expect(isLinearizable(barrier, waits(0, [0, 1], "BrokenBarrier"))).toBe(false)
      const broken = [waits(0, [0, 3], "BrokenBarrier", 1), waits(1, [1, 2], "BrokenBarrier")]
      expect(isLinearizable(barrier, ...broken)).toBe(true)
      expect(isLinearizable(barrier, ...broken, waits(0, [4, 7], 0), waits(1, [5, 6], 1))).toBe(false)
      const mended = did(0, [4, 5], ["reset", 0])
      expect(isLinearizable(barrier, ...broken, mended, waits(0, [6, 9], 0), waits(1, [7, 8], 1))).toBe(true)
      expect(isLinearizable(barrier, waits(0, [0, 3], "BrokenBarrier", 1), waits(1, [1, 2], 1))).toBe(false)
    })

    it("a condition wakes the oldest, which has the lock again, or nobody", () => {
      const of = (
        ...calls: ReadonlyArray<readonly [number, readonly [number, number], string, Plain?, Plain?]>
      ) =>
        isLinearizable(
          sequential.condition,
          ...calls.map(([agent, times, what, result, argument]) =>
            did(agent, times, [what, agent, argument], result),
          ),
        )
      const first = [0, [0, 1], "acquire", "acquired"] as const
      const second = [1, [3, 4], "acquire", "acquired"] as const
      const notifies = [1, [5, 6], "notify", undefined, 1] as const
      const releases = [1, [7, 8], "release"] as const
      expect(of(first, [0, [2, 9], "wait", "acquired"], second, notifies, releases)).toBe(true)
      expect(of(first, [0, [2, 9], "wait", false, 1], second, notifies, releases)).toBe(false)
      expect(of(first, [0, [2, 9], "wait", false, 1], second, releases)).toBe(true)
      expect(of(first, [0, [2, 9], "wait", "acquired", 1], second, releases)).toBe(false)
      expect(of(first, [0, [2, 6], "wait", "acquired"], second, [1, [5, 7], "notify", undefined, 1])).toBe(
        false,
      )
      expect(of([0, [0, 1], "wait", "NotOwner"])).toBe(true)
      expect(of(first, [0, [2, 3], "wait", "NotOwner"])).toBe(false)
    })
  })

  it("finds a queue that loses, doubles, or changes the order; one may find it busy beside another", () => {
    const two = sequential.queue(2)
    const put = [did(0, [0, 1], ["put", 1], true), did(0, [2, 3], ["put", 2], true)]
    const after = (...history: ReadonlyArray<Performed>) =>
      Linearizability.check([...put, ...history], two).linearizable
    expect(after(did(1, [4, 5], ["get"], 1), did(1, [6, 7], ["get"], 2), did(1, [8, 9], ["tryGet"]))).toBe(
      true,
    )
    expect(after(did(1, [4, 5], ["get"], 2))).toBe(false)
    expect(after(did(1, [4, 5], ["get"], "Empty"))).toBe(false)
    expect(after(did(1, [4, 7], ["get"], 1), did(2, [5, 6], ["get"], 1))).toBe(false)
    expect(after(did(1, [4, 7], ["get"], 1), did(2, [5, 6], ["tryGet"]))).toBe(true)
    expect(after(did(1, [4, 5], ["tryPut", 3], true))).toBe(false)
    expect(after(did(1, [4, 5], ["size"], 1))).toBe(false)
  })

  it("agrees with trying every order", () => {
    const call = fc.constantFrom<Call>(["get"], ["set", 1], ["fetchAdd", 1], ["compareExchange", 1, 0])
    const moves = fc.array(fc.tuple(fc.nat(2), call, fc.constantFrom<Plain>(undefined, 0, 1, 2)), {
      maxLength: 6,
    })
    let linearizable = 0
    fc.assert(
      fc.property(moves, fc.array(fc.nat(2), { maxLength: 14 }), (moves, order) => {
        const history = interleave(moves, order)
        const { linearizable: is } = Linearizability.check(history, counter)
        expect(is).toBe(byEveryOrder(history, counter))
        if (is && history.length > 2) linearizable++
      }),
      { numRuns: 2000 },
    )
    expect(linearizable).toBeGreaterThan(0)
  })
})

/** A history in which agents begin and end their operations in a given order. */
const interleave = (
  moves: ReadonlyArray<readonly [agent: number, call: Call, result: Plain]>,
  order: ReadonlyArray<number>,
): ReadonlyArray<Performed> => {
  const history: Array<Performed> = []
  const open = new Map<number, Performed>()
  const left = [...moves]
  let now = 0
  for (const agent of order) {
    const op = open.get(agent)
    const next = left.findIndex(([by]) => by === agent)
    if (op !== undefined) {
      history.push({ ...op, end: now++ })
      open.delete(agent)
    } else if (next >= 0) {
      const [[, call, result]] = left.splice(next, 1) as [(typeof left)[number]]
      const fits = call[0] === "set" ? undefined : result
      open.set(agent, did(agent, [now++], call, fits))
    }
  }
  return [...history, ...open.values()]
}

/** The naive check: takes any operation that nothing unfinished has to precede, in every way. */
const byEveryOrder = (history: ReadonlyArray<Performed>, model: Model, state = model.initial): boolean => {
  if (history.every(({ end }) => end === undefined)) return true
  return history.some((op) => {
    if (history.some(({ end }) => end !== undefined && end < op.begin)) return false
    const rest = history.filter((other) => other !== op)
    return model
      .step(state, op.call, [])
      .some(
        ([result, next]) => (op.end === undefined || result === op.result) && byEveryOrder(rest, model, next),
      )
  })
}

describe("histories of real agents", () => {
  live("locks and semaphores are linearizable", () => expectLinearizable(gates))
  live("queues are linearizable", () => expectLinearizable(queues))
  live("values and events are linearizable", () => expectLinearizable(values))
  live("conditions and barriers are, in halves", () => expectLinearizable(waits, sequential.inHalves))

  live(
    "a counter without a lock and a value in halves are found not to be",
    () =>
      Effect.gen(function* () {
        const found = new Set<string>()
        for (let trial = 0; found.size < 2 && trial < 5; trial++) {
          for (const { history, subject } of yield* histories([racyCounter(), tornValue()], 10)) {
            if (!Linearizability.check(history, subject.model).linearizable) found.add(subject.kind)
          }
        }
        expect([...found].sort()).toEqual(["racyCounter", "tornValue"])
      }),
    60,
  )
})
