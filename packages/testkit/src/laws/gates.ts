/** Laws of what lets in only so many at a time: locks and semaphores. */
import assert from "node:assert/strict"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import { eventually, eventuallyIs, forAll, type Law, type Settling, settle } from "./law.ts"

/** A lock, or a semaphore. */
export interface Gate extends Settling {
  /** How many may be inside at a time; nobody is at first. */
  readonly total: number
  readonly acquire: Effect.Effect<unknown, unknown>
  readonly tryAcquire: Effect.Effect<boolean, unknown>
  /** Fails where that takes longer than so many milliseconds. */
  readonly acquireWithin: (milliseconds: number) => Effect.Effect<unknown, unknown>
  /** By the fiber that has acquired it. */
  readonly release: Effect.Effect<unknown, unknown>
  /** Runs an effect inside. */
  readonly around: <A>(body: Effect.Effect<A, unknown>) => Effect.Effect<A, unknown>
  /** How many more may come in. */
  readonly free: Effect.Effect<number, unknown>
}

/** What several may be taken of at once. */
export interface Permits extends Gate {
  readonly acquireMany: (permits: number) => Effect.Effect<unknown, unknown>
  readonly tryAcquireMany: (permits: number) => Effect.Effect<boolean, unknown>
  readonly acquireManyWithin: (permits: number, milliseconds: number) => Effect.Effect<unknown, unknown>
  readonly releaseMany: (permits: number) => Effect.Effect<unknown, unknown>
  readonly aroundMany: <A>(permits: number, body: Effect.Effect<A, unknown>) => Effect.Effect<A, unknown>
}

/** A semaphore that may be given more than was taken. */
export interface Semaphore extends Gate {
  readonly releaseMany: (permits: number) => Effect.Effect<unknown, unknown>
}

/** A lock that its owner, a fiber, may take again. */
export interface RLock extends Gate {
  /** How often the fiber holds it. */
  readonly depth: Effect.Effect<number, unknown>
}

/** A fiber that enters, stays until told, and leaves. */
interface Visitor {
  readonly fiber: Fiber.RuntimeFiber<void, unknown>
  readonly at: { place: "outside" | "inside" | "gone" }
  readonly leave: Effect.Effect<unknown>
}

const visitor = (gate: Gate, onEnter = () => {}): Effect.Effect<Visitor> =>
  Effect.gen(function* () {
    const at: Visitor["at"] = { place: "outside" }
    const told = yield* Deferred.make<void>()
    const visit = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* restore(gate.acquire)
        at.place = "inside"
        onEnter()
        yield* restore(Deferred.await(told)).pipe(Effect.ensuring(Effect.orDie(gate.release)))
        at.place = "gone"
      }),
    )
    const fiber = yield* Effect.fork(visit)
    yield* settle(gate)
    return { at, fiber, leave: Deferred.succeed(told, undefined) }
  })

const visitors = (gate: Gate, count: number) => Effect.replicateEffect(visitor(gate), count)

/** So many visitors that nobody else gets in. */
const full = (gate: Gate) =>
  Effect.tap(visitors(gate, gate.total), (inside) =>
    eventually("all are inside", () => inside.every(({ at }) => at.place === "inside")),
  )

const isEmpty = (gate: Gate) => eventuallyIs("what is free", gate.free, gate.total)

const entered = (all: ReadonlyArray<Visitor>): number => all.filter(({ at }) => at.place !== "outside").length

const leave = (all: ReadonlyArray<Visitor>) =>
  Effect.zipRight(
    Effect.forEach(all, (each) => each.leave),
    Effect.forEach(all, ({ fiber }) => Fiber.await(fiber)),
  )

/** Runs a check with a new gate. */
const withGate =
  <G extends Gate>(body: (gate: G) => Effect.Effect<unknown, unknown>) =>
  (make: Effect.Effect<G>): Effect.Effect<void, unknown> =>
    Effect.asVoid(Effect.flatMap(make, body))

/** A visit of some kind, with so many permits, and whether it is interrupted at some moment. */
const visitArbitrary = (mostPermits: number) =>
  fc.record({
    how: fc.constantFrom(
      "acquire" as const,
      "tryAcquire" as const,
      "acquireWithin" as const,
      "around" as const,
    ),
    permits: fc.integer({ min: 1, max: mostPermits }),
    isInterrupted: fc.boolean(),
  })

type Restore = <A, E>(wait: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** A gate as visits with so many permits use it. */
type Entrance = Pick<Gate, "acquire" | "tryAcquire" | "acquireWithin" | "release" | "around">

/** What visits do, each of which stays for a while. */
const visitBy = (
  { acquire, acquireWithin, around, release, tryAcquire }: Entrance,
  stay: Effect.Effect<unknown>,
) => {
  const inside = Effect.ensuring(stay, Effect.orDie(release))
  return {
    acquire: (restore: Restore) => Effect.zipRight(restore(acquire), restore(inside)),
    tryAcquire: () => Effect.flatMap(tryAcquire, (taken) => (taken ? inside : Effect.void)),
    acquireWithin: (restore: Restore) => Effect.ignore(Effect.zipRight(restore(acquireWithin(1)), inside)),
    around: (restore: Restore) => restore(around(stay)),
  }
}

/** However visits begin, end and are interrupted: when all are over, all is free. */
const conserves =
  <G extends Gate>(mostPermits: number, entranceOf: (gate: G, permits: number) => Entrance) =>
  (make: Effect.Effect<G>): Effect.Effect<void, unknown> =>
    forAll(
      fc.tuple(fc.scheduler(), fc.array(visitArbitrary(mostPermits), { minLength: 1, maxLength: 8 })),
      ([scheduler, visits]) =>
        withGate<G>((gate) =>
          Effect.gen(function* () {
            const moment = (name: string) => Effect.promise(() => scheduler.schedule(Promise.resolve(), name))
            const fibers = yield* Effect.forEach(visits, ({ how, permits }) => {
              const ways = visitBy(entranceOf(gate, permits), moment("leaves"))
              return Effect.fork(
                Effect.uninterruptibleMask((restore): Effect.Effect<unknown, unknown> => ways[how](restore)),
              )
            })
            const interruptions = Effect.forEach(
              fibers,
              (fiber, n) =>
                visits[n]?.isInterrupted
                  ? Effect.zipRight(moment("interrupts"), Fiber.interrupt(fiber))
                  : Fiber.await(fiber),
              { concurrency: "unbounded" },
            )
            yield* Effect.promise((signal) => scheduler.waitFor(Effect.runPromise(interruptions, { signal })))
            yield* isEmpty(gate)
          }),
        )(make),
      40,
    )

export const gateLaws: ReadonlyArray<Law<Effect.Effect<Gate>>> = [
  {
    name: "exclusion",
    says: "Never are more inside than may be.",
    check: (make) =>
      forAll(fc.array(fc.nat(3), { minLength: 2, maxLength: 12 }), (pauses) =>
        withGate<Gate>((gate) => {
          let inside = 0
          const visit = (pause: number) =>
            Effect.gen(function* () {
              yield* gate.acquire
              inside++
              assert.ok(inside <= gate.total, `${inside} are inside`)
              yield* pause === 3 ? Effect.sleep(0) : Effect.replicateEffect(Effect.yieldNow(), pause)
              inside--
              yield* gate.release
            })
          return Effect.zipRight(Effect.forEach(pauses, visit, { concurrency: "unbounded" }), isEmpty(gate))
        })(make),
      ),
  },
  {
    name: "trying",
    says: "tryAcquire takes what is free and waits for nothing.",
    check: withGate((gate) =>
      Effect.gen(function* () {
        const [first, ...others] = yield* full(gate)
        assert.equal(yield* gate.tryAcquire, false)
        assert.equal(yield* gate.free, 0)
        yield* leave([first as Visitor])
        yield* eventuallyIs("what is free", gate.free, 1)
        assert.equal(yield* gate.tryAcquire, true)
        assert.equal(yield* gate.free, 0)
        yield* gate.release
        yield* leave(others)
        yield* isEmpty(gate)
      }),
    ),
  },
  {
    name: "one for one",
    says: "A release lets exactly one of those that wait in.",
    check: withGate((gate) =>
      Effect.gen(function* () {
        const inside = yield* full(gate)
        const waiting = yield* visitors(gate, 3)
        assert.equal(entered(waiting), 0)
        let gone = 0
        for (const each of [...inside, ...waiting]) {
          yield* leave([each])
          const expected = Math.min(3, ++gone)
          yield* eventually(`${expected} came in`, () => entered(waiting) >= expected)
          yield* settle(gate)
          assert.equal(entered(waiting), expected)
        }
        yield* isEmpty(gate)
      }),
    ),
  },
  {
    name: "order",
    says: "Who came first gets in first; who gave up is not missed.",
    check: (make) =>
      forAll(
        fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }),
        (givesUp) =>
          withGate<Gate>((gate) =>
            Effect.gen(function* () {
              const inside = yield* full(gate)
              const order: Array<number> = []
              const waiting: Array<Visitor> = []
              for (const n of givesUp.keys()) waiting.push(yield* visitor(gate, () => order.push(n)))
              for (const [n, gives] of givesUp.entries()) {
                if (gives) yield* Fiber.interrupt((waiting[n] as Visitor).fiber)
              }
              yield* leave([...inside, ...waiting])
              assert.deepEqual(
                order,
                [...givesUp.keys()].filter((n) => !givesUp[n]),
              )
              yield* isEmpty(gate)
            }),
          )(make),
        10,
      ),
  },
  {
    name: "interruption",
    says: "Who is interrupted while waiting leaves nothing behind.",
    check: withGate((gate) =>
      Effect.gen(function* () {
        const inside = yield* full(gate)
        const waiting = yield* visitors(gate, 3)
        for (const { fiber } of waiting) assert.ok(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.equal(entered(waiting), 0)
        yield* leave(inside)
        yield* isEmpty(gate)
        yield* leave(yield* full(gate))
        yield* isEmpty(gate)
      }),
    ),
  },
  {
    name: "interruption meets release",
    says: "Who is interrupted in the moment when its turn comes keeps nothing.",
    check: (make) =>
      forAll(fc.record({ releaseFirst: fc.boolean(), pause: fc.nat(3) }), ({ pause, releaseFirst }) =>
        withGate<Gate>((gate) =>
          Effect.gen(function* () {
            const inside = yield* full(gate)
            const [waiter, next] = (yield* visitors(gate, 2)) as [Visitor, Visitor]
            const release = Effect.forEach(inside, (each) => each.leave)
            const interrupt = Effect.zipRight(
              Effect.replicateEffect(Effect.yieldNow(), pause),
              Fiber.interruptFork(waiter.fiber),
            )
            yield* releaseFirst ? Effect.zipRight(release, interrupt) : Effect.zipRight(interrupt, release)
            yield* Fiber.await(waiter.fiber)
            yield* eventually("the next one is in", () => next.at.place === "inside")
            yield* leave([next])
            yield* isEmpty(gate)
          }),
        )(make),
      ),
  },
  {
    name: "time-out",
    says: "acquireWithin takes what is free; where it takes too long it fails and leaves nothing behind.",
    check: withGate((gate) =>
      Effect.gen(function* () {
        for (const milliseconds of [0, 1000]) {
          yield* gate.acquireWithin(milliseconds)
          yield* gate.release
        }
        const inside = yield* full(gate)
        for (const milliseconds of [0, 5]) {
          const exit = yield* Effect.exit(gate.acquireWithin(milliseconds))
          assert.ok(Exit.isFailure(exit) && !Exit.isInterrupted(exit))
        }
        const late = yield* visitor(gate)
        yield* leave([...inside, late])
        assert.equal(late.at.place, "gone")
        yield* isEmpty(gate)
      }),
    ),
  },
  {
    name: "conservation",
    says: "However visits begin, end and are interrupted: when all are over, all is free.",
    check: conserves<Gate>(1, (gate) => gate),
  },
  {
    name: "around",
    says: "around gives back whatever becomes of what runs inside, and hands on its outcome.",
    check: withGate((gate) =>
      Effect.gen(function* () {
        const free = gate.around(gate.free)
        assert.equal(yield* free, gate.total - 1)
        yield* isEmpty(gate)
        assert.equal(yield* Effect.flip(gate.around(Effect.fail("inside"))), "inside")
        yield* isEmpty(gate)
        const died = yield* Effect.exit(gate.around(Effect.die("defect")))
        assert.deepEqual(died, Exit.die("defect"))
        yield* isEmpty(gate)
        const staying = yield* Effect.fork(gate.around(Effect.never))
        yield* eventuallyIs("what is free", gate.free, gate.total - 1)
        yield* Fiber.interrupt(staying)
        yield* isEmpty(gate)
        const inside = yield* full(gate)
        let ran = false
        const waiting = yield* Effect.fork(gate.around(Effect.sync(() => (ran = true))))
        yield* settle(gate)
        yield* Fiber.interrupt(waiting)
        yield* leave(inside)
        yield* isEmpty(gate)
        assert.equal(ran, false)
      }),
    ),
  },
]

/** Of locks and bounded semaphores. */
export const boundedLaws: ReadonlyArray<Law<Effect.Effect<Gate>>> = [
  ...gateLaws,
  {
    name: "bound",
    says: "A release of what nobody has taken fails and changes nothing.",
    check: withGate((gate) =>
      Effect.gen(function* () {
        for (const _ of [1, 2]) {
          assert.ok(Exit.isFailure(yield* Effect.exit(gate.release)))
          assert.equal(yield* gate.free, gate.total)
        }
        yield* leave(yield* full(gate))
        yield* isEmpty(gate)
        assert.ok(Exit.isFailure(yield* Effect.exit(gate.release)))
        assert.equal(yield* gate.free, gate.total)
      }),
    ),
  },
]

export const lockLaws = boundedLaws

export const semaphoreLaws: ReadonlyArray<Law<Effect.Effect<Semaphore>>> = [
  ...gateLaws,
  {
    name: "many at once",
    says: "A release of n lets n of those that wait in, and keeps the rest for those that come.",
    check: (make) =>
      forAll(
        fc.record({ permits: fc.integer({ min: 1, max: 5 }), waiters: fc.nat(4) }),
        ({ permits, waiters }) =>
          withGate<Semaphore>((gate) =>
            Effect.gen(function* () {
              const inside = yield* full(gate)
              const waiting = yield* visitors(gate, waiters)
              yield* gate.releaseMany(permits)
              const expected = Math.min(permits, waiters)
              yield* eventually(`${expected} came in`, () => entered(waiting) >= expected)
              yield* settle(gate)
              assert.equal(entered(waiting), expected)
              assert.equal(yield* gate.free, permits - expected)
              yield* leave([...inside, ...waiting])
              yield* eventuallyIs("what is free", gate.free, gate.total + permits)
            }),
          )(make),
        10,
      ),
  },
]

export const rlockLaws: ReadonlyArray<Law<Effect.Effect<RLock>>> = [
  ...boundedLaws,
  {
    name: "again",
    says: "The owner takes it again without waiting; it is free after as many releases.",
    check: (make) =>
      forAll(fc.integer({ min: 1, max: 6 }), (times) =>
        withGate<RLock>((gate) =>
          Effect.gen(function* () {
            for (let n = 0; n < times; n++) {
              assert.equal(yield* gate.depth, n)
              yield* n % 2 === 0 ? gate.acquire : gate.acquireWithin(0)
            }
            const waiting = yield* visitor(gate)
            assert.equal(yield* gate.tryAcquire, true)
            for (let n = times; n >= 0; n--) {
              assert.equal(waiting.at.place, "outside")
              yield* gate.release
              assert.equal(yield* gate.depth, n)
            }
            yield* eventually("the other has it", () => waiting.at.place === "inside")
            yield* leave([waiting])
            yield* isEmpty(gate)
          }),
        )(make),
      ),
  },
  {
    name: "ownership",
    says: "Only the fiber that took it may release it; what it forks is another.",
    check: withGate((gate) =>
      Effect.gen(function* () {
        yield* gate.acquire
        const others = Effect.gen(function* () {
          assert.equal(yield* gate.depth, 0)
          assert.equal(yield* gate.tryAcquire, false)
          assert.ok(Exit.isFailure(yield* Effect.exit(gate.release)))
        })
        yield* Fiber.join(yield* Effect.fork(others))
        assert.equal(yield* gate.depth, 1)
        assert.equal(yield* gate.free, 0)
        yield* gate.release
        yield* isEmpty(gate)
      }),
    ),
  },
]

/** The gate as those see it that want so many. */
const entranceFor = (gate: Permits, permits: number): Entrance => ({
  acquire: gate.acquireMany(permits),
  tryAcquire: gate.tryAcquireMany(permits),
  acquireWithin: (milliseconds) => gate.acquireManyWithin(permits, milliseconds),
  release: gate.releaseMany(permits),
  around: (body) => gate.aroundMany(permits, body),
})

/** A visitor with so many permits. */
const visitorWith = (gate: Permits, permits: number, onEnter?: () => void) =>
  visitor({ ...gate, ...entranceFor(gate, permits) }, onEnter)

/** Of what several may be taken of at once, where there are three or more. */
export const permitLaws: ReadonlyArray<Law<Effect.Effect<Permits>>> = [
  {
    name: "several or none",
    says: "Who takes several gets all of them, or waits, or is refused, and has none then.",
    check: withGate<Permits>((gate) =>
      Effect.gen(function* () {
        const { total } = gate
        assert.equal(yield* gate.tryAcquireMany(total - 1), true)
        assert.equal(yield* gate.free, 1)
        assert.equal(yield* gate.tryAcquireMany(2), false)
        for (const milliseconds of [0, 5]) {
          assert.ok(Exit.isFailure(yield* Effect.exit(gate.acquireManyWithin(2, milliseconds))))
          assert.equal(yield* gate.free, 1)
        }
        yield* gate.acquireManyWithin(1, 0)
        assert.equal(yield* gate.free, 0)
        const waiting = yield* visitorWith(gate, 2)
        yield* gate.release
        yield* settle(gate)
        assert.equal(waiting.at.place, "outside")
        yield* gate.releaseMany(total - 1)
        yield* eventually("it has both", () => waiting.at.place === "inside")
        assert.equal(yield* gate.free, total - 2)
        yield* leave([waiting])
        yield* isEmpty(gate)
      }),
    ),
  },
  {
    name: "the first wants many",
    says: "While the first wants more than there is, nobody gets what is there; once it gives up, others do.",
    check: (make) =>
      Effect.forEach([false, true], (givesUp) =>
        withGate<Permits>((gate) =>
          Effect.gen(function* () {
            const inside = yield* full(gate)
            const first = yield* visitorWith(gate, gate.total)
            const others = yield* visitors(gate, 2)
            for (const each of inside.slice(1)) {
              yield* leave([each])
              yield* settle(gate)
              assert.equal(yield* gate.tryAcquire, false)
              assert.equal(first.at.place, "outside")
              assert.equal(entered(others), 0)
            }
            if (givesUp) {
              yield* Fiber.interrupt(first.fiber)
              yield* eventually("the others are in", () => entered(others) === others.length)
            }
            yield* leave(inside.slice(0, 1))
            if (!givesUp) {
              yield* eventually("the first is in", () => first.at.place === "inside")
              yield* settle(gate)
              assert.equal(entered(others), 0)
            }
            yield* leave([first, ...others])
            yield* isEmpty(gate)
          }),
        )(make),
      ).pipe(Effect.asVoid),
  },
  {
    name: "order of those that want several",
    says: "Who came first gets in first, whatever each wants.",
    check: (make) =>
      forAll(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 6 }),
        (wants) =>
          withGate<Permits>((gate) =>
            Effect.gen(function* () {
              const inside = yield* full(gate)
              const order: Array<number> = []
              const waiting: Array<Visitor> = []
              for (const [n, wanted] of wants.entries())
                waiting.push(yield* visitorWith(gate, wanted, () => order.push(n)))
              yield* leave([...inside, ...waiting])
              assert.deepEqual(order, [...wants.keys()])
              yield* isEmpty(gate)
            }),
          )(make),
        10,
      ),
  },
  {
    name: "conservation of several",
    says: "However visits with one or several begin, end and are interrupted: when all are over, all is free.",
    check: conserves<Permits>(3, entranceFor),
  },
  {
    name: "around with several",
    says: "around gives all of them back whatever becomes of what runs inside.",
    check: withGate<Permits>((gate) =>
      Effect.gen(function* () {
        assert.equal(yield* gate.aroundMany(2, gate.free), gate.total - 2)
        yield* isEmpty(gate)
        assert.equal(yield* Effect.flip(gate.aroundMany(3, Effect.fail("inside"))), "inside")
        yield* isEmpty(gate)
        const staying = yield* Effect.fork(gate.aroundMany(gate.total, Effect.never))
        yield* eventuallyIs("what is free", gate.free, 0)
        const waiting = yield* Effect.fork(gate.aroundMany(2, Effect.never))
        yield* settle(gate)
        yield* Fiber.interrupt(waiting)
        yield* Fiber.interrupt(staying)
        yield* isEmpty(gate)
      }),
    ),
  },
  {
    name: "no number of permits",
    says: "What is no number of permits is refused, and nothing has changed.",
    check: withGate<Permits>((gate) =>
      Effect.gen(function* () {
        for (const permits of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          const refused = [
            gate.acquireMany(permits),
            gate.tryAcquireMany(permits),
            gate.acquireManyWithin(permits, 5),
            gate.releaseMany(permits),
            gate.aroundMany(permits, Effect.void),
          ]
          for (const each of refused) assert.ok(Exit.isFailure(yield* Effect.exit(each)))
          assert.equal(yield* gate.free, gate.total)
        }
      }),
    ),
  },
]
