/** Locks and semaphores against a number of free places and a line. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import type { Gate, Permits, RLock, Semaphore } from "../laws/gates.ts"
import type { Law } from "../laws/law.ts"
import { follows, giveUp, type Modelled, nobody, type Parties, party, pass, type Step } from "./party.ts"

interface Model extends Parties {
  free: number
  /** More are not taken back. */
  readonly most: number
  /** How many each of those that wait wants. */
  readonly wanted: Array<number>
  /** How often each party holds it, where that matters. */
  readonly depths: Array<number> | undefined
}

type GateStep<G extends Gate> = Step<Model, G>

const isFree = (model: Model, k: number): boolean => !model.waiting.includes(k)

const owns = ({ depths }: Model, k: number): boolean => (depths?.[k] ?? 0) > 0

const deepen = ({ depths }: Model, k: number, by: 1 | -1): void => {
  if (depths) depths[k] = (depths[k] as number) + by
}

/** Whether the party gets in, with so many, which it does then. */
const enter = (model: Model, k: number, count = 1): boolean => {
  const again = owns(model, k)
  if (!again && model.free < count) return false
  if (!again) model.free -= count
  deepen(model, k, 1)
  return true
}

/** The same for one that comes last: what is free while others wait is kept for the first of them. */
const enterLast = (model: Model, k: number, count = 1): boolean =>
  (owns(model, k) || model.waiting.length === 0) && enter(model, k, count)

const waitOrEnter = (model: Model, k: number, count = 1): void => {
  if (enterLast(model, k, count)) {
    model.passed[k] = (model.passed[k] as number) + 1
  } else {
    model.waiting.push(k)
    model.wanted[k] = count
  }
}

/** Those that wait get in, in the order in which they came. */
const admit = (model: Model): void => {
  for (let [first] = model.waiting; first !== undefined; [first] = model.waiting) {
    if (!enter(model, first, model.wanted[first])) return
    pass(model, 1)
  }
}

/** Whether the party may give so many back, which it does then; nobody is let in yet. */
const giveBack = (model: Model, k: number, count = 1): boolean => {
  if (model.depths ? !owns(model, k) : model.free + count > model.most) return false
  deepen(model, k, -1)
  if (!owns(model, k)) model.free += count
  return true
}

const steps = <G extends Gate>() => {
  const ofParty = (step: (k: number) => GateStep<G>) => party.map(step)
  return [
    ofParty((k) => ({
      name: `${k} acquires`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        parties[k]?.waitsFor(subject.acquire, subject.release)
        waitOrEnter(model, k)
      },
    })),
    ofParty((k) => ({
      name: `${k} tries`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        assert.deepEqual(await parties[k]?.does(subject.tryAcquire), Exit.succeed(enterLast(model, k)))
      },
    })),
    ofParty((k) => ({
      name: `${k} acquires within 1 ms`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        const exit = await parties[k]?.does(subject.acquireWithin(1))
        assert.equal(exit?._tag, enterLast(model, k) ? "Success" : "Failure")
      },
    })),
    ofParty((k) => ({
      name: `${k} releases`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        const exit = await parties[k]?.does(subject.release)
        assert.equal(exit?._tag, giveBack(model, k) ? "Success" : "Failure")
        admit(model)
      },
    })),
    ofParty((k) => ({
      name: `${k} is interrupted`,
      when: (model) => model.waiting.includes(k),
      run: async (model, { parties }) => {
        await parties[k]?.interrupt()
        giveUp(model, k)
        admit(model)
      },
    })),
    fc.tuple(party, fc.boolean()).map(
      ([k, interruptsFirst]): GateStep<G> => ({
        name: `${k} releases, the first that waits is interrupted ${interruptsFirst ? "before" : "after"}`,
        when: (model) => isFree(model, k) && model.waiting.length > 0,
        run: async (model, { parties, subject }) => {
          const [first = 0] = model.waiting
          let interrupted: Promise<void> | undefined
          const interrupt = Effect.sync(() => {
            interrupted = parties[first]?.interrupt()
          })
          const released = await parties[k]?.does(
            interruptsFirst
              ? Effect.zipRight(interrupt, subject.release)
              : Effect.ensuring(subject.release, interrupt),
          )
          await interrupted
          giveUp(model, first)
          assert.equal(released?._tag, giveBack(model, k) ? "Success" : "Failure")
          admit(model)
        },
      }),
    ),
    ofParty((k) => ({
      name: `${k} releases, and the next one tries at once`,
      when: (model) => isFree(model, k) && isFree(model, next(k)),
      run: async (model, { parties, subject }) => {
        const [one, other] = [parties[k], parties[next(k)]]
        let tried: Promise<Exit.Exit<boolean, unknown>> | undefined
        const tryNext = Effect.sync(() => {
          tried = other?.does(subject.tryAcquire)
        })
        const released = await one?.does(Effect.ensuring(subject.release, tryNext))
        assert.equal(released?._tag, giveBack(model, k) ? "Success" : "Failure")
        const taken = await tried
        // It may come before one that waits, and may be refused for that one's sake.
        if (
          Exit.isSuccess(taken as NonNullable<typeof taken>) &&
          (taken as Exit.Success<boolean, never>).value
        ) {
          assert.ok(enter(model, next(k)))
        } else if (model.waiting.length === 0) {
          assert.ok(!enter(model, next(k)))
        }
        admit(model)
      },
    })),
  ]
}

const next = (k: number): number => (k + 1) % nobody().passed.length

const many = party.map(
  (k): GateStep<Semaphore> => ({
    name: `${k} releases 3`,
    when: (model) => isFree(model, k),
    run: async (model, { parties, subject }) => {
      await parties[k]?.does(subject.releaseMany(3))
      giveBack(model, k, 3)
      admit(model)
    },
  }),
)

/** What a party does with several at once. */
const several = (step: (k: number, count: number) => GateStep<Permits>) =>
  fc.tuple(party, fc.integer({ min: 2, max: 3 })).map(([k, count]) => step(k, count))

const severalSteps = [
  several((k, count) => ({
    name: `${k} acquires ${count}`,
    when: (model) => isFree(model, k),
    run: async (model, { parties, subject }) => {
      parties[k]?.waitsFor(subject.acquireMany(count), subject.releaseMany(count))
      waitOrEnter(model, k, count)
    },
  })),
  several((k, count) => ({
    name: `${k} tries ${count}`,
    when: (model) => isFree(model, k),
    run: async (model, { parties, subject }) => {
      const exit = await parties[k]?.does(subject.tryAcquireMany(count))
      assert.deepEqual(exit, Exit.succeed(enterLast(model, k, count)))
    },
  })),
  several((k, count) => ({
    name: `${k} acquires ${count} within 1 ms`,
    when: (model) => isFree(model, k),
    run: async (model, { parties, subject }) => {
      const exit = await parties[k]?.does(subject.acquireManyWithin(count, 1))
      assert.equal(exit?._tag, enterLast(model, k, count) ? "Success" : "Failure")
    },
  })),
  several((k, count) => ({
    name: `${k} releases ${count}`,
    when: (model) => isFree(model, k),
    run: async (model, { parties, subject }) => {
      const exit = await parties[k]?.does(subject.releaseMany(count))
      assert.equal(exit?._tag, giveBack(model, k, count) ? "Success" : "Failure")
      admit(model)
    },
  })),
]

const modelled = <G extends Gate>(
  most: (gate: G) => number,
  more: Modelled<Model, G>["steps"] = [],
): Modelled<Model, G> => ({
  initial: (gate) => ({
    ...nobody(),
    free: gate.total,
    most: most(gate),
    wanted: [],
    depths: undefined,
  }),
  steps: [...steps<G>(), ...more],
  stateOf: ({ free }) => free,
  seenOf: ({ subject }) => subject.free,
})

/** Of a lock that anybody may release, or a bounded semaphore. */
export const boundedModel: Law<Effect.Effect<Gate, unknown>> = follows(modelled<Gate>(({ total }) => total))

export const semaphoreModel: Law<Effect.Effect<Semaphore, unknown>> = follows(
  modelled<Semaphore>(() => Number.POSITIVE_INFINITY, [many]),
)

/** Of what up to three may be taken of at once, and given back up to `most` in all: as many as at first where it is missing. */
export const permitModel = (most?: number): Law<Effect.Effect<Permits, unknown>> =>
  follows(modelled<Permits>(({ total }) => most ?? total, severalSteps))

export const rlockModel: Law<Effect.Effect<RLock, unknown>> = follows({
  ...modelled<RLock>(({ total }) => total),
  initial: () => ({ ...nobody(), free: 1, most: 1, wanted: [], depths: nobody().passed }),
  stateOf: ({ depths, free }) => ({ free, depths }),
  seenOf: ({ parties, subject }) =>
    Effect.all({
      free: subject.free,
      // A party that waits cannot be asked, and holds nothing.
      depths: Effect.forEach(parties, (party) =>
        party.isWaiting ? Effect.succeed(0) : Effect.flatten(Effect.promise(() => party.does(subject.depth))),
      ),
    }),
})
