/** What all models of the primitives have in common: the parties that use one, and commands as data. */
import assert from "node:assert/strict"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as fc from "fast-check"
import type { Law } from "../laws/law.ts"

/** So many parties use a primitive. */
export const PARTIES = 5

/** A fiber that does what it is told, one thing after the other. */
export class Party {
  isWaiting = false
  /** How many of its waits have ended well, and how many badly. */
  passed = 0
  failed = 0
  /** What those that have ended well have given. */
  readonly received: Array<unknown> = []
  private isGivingUp = false
  private readonly orders = Effect.runSync(Queue.unbounded<Effect.Effect<unknown, unknown>>())
  private fiber = this.begin()

  private begin() {
    return Effect.runFork(Effect.forever(Effect.flatten(Queue.take(this.orders))))
  }

  /** Does something and tells what became of it. */
  does<A>(effect: Effect.Effect<A, unknown>): Promise<Exit.Exit<A, unknown>> {
    const done = Deferred.unsafeMake<Exit.Exit<A, unknown>>(this.fiber.id())
    this.orders.unsafeOffer(Effect.flatMap(Effect.exit(effect), (exit) => Deferred.succeed(done, exit)))
    return Effect.runPromise(Deferred.await(done))
  }

  /** Begins to wait for something, which it undoes where it comes too late. */
  waitsFor(
    effect: Effect.Effect<unknown, unknown>,
    undo: Effect.Effect<unknown, unknown> = Effect.void,
  ): void {
    this.orders.unsafeOffer(
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          this.isWaiting = true
          return Effect.flatMap(Effect.exit(restore(effect)), (exit) => {
            this.isWaiting = false
            if (Exit.isSuccess(exit) && this.isGivingUp) return undo
            if (Exit.isSuccess(exit)) {
              this.passed++
              this.received.push(exit.value)
            } else if (!Exit.isInterrupted(exit)) this.failed++
            return Effect.void
          })
        }),
      ),
    )
  }

  /** Gives up whatever it does. */
  async interrupt(): Promise<void> {
    this.isGivingUp = true
    await Effect.runPromise(Fiber.interrupt(this.fiber))
    this.isGivingUp = false
    this.fiber = this.begin()
  }

  end(): Promise<unknown> {
    return Effect.runPromise(Fiber.interrupt(this.fiber))
  }
}

/** A primitive with those who use it. */
export interface Real<Subject> {
  readonly subject: Subject
  readonly parties: ReadonlyArray<Party>
}

/** What parties are seen to do. */
export interface Seen {
  readonly waiting: ReadonlyArray<number>
  readonly passed: ReadonlyArray<number>
  readonly failed: ReadonlyArray<number>
}

/** The same of a model: `waiting` in the order in which they came. */
export interface Parties {
  waiting: Array<number>
  readonly passed: Array<number>
  readonly failed: Array<number>
}

export const nobody = (): Parties => ({
  waiting: [],
  passed: Array(PARTIES).fill(0),
  failed: Array(PARTIES).fill(0),
})

/** So many of those that have waited longest go on, or all where there are fewer. */
export const pass = (model: Parties, count: number, how: "passed" | "failed" = "passed"): void => {
  for (const k of model.waiting.splice(0, count)) model[how][k] = (model[how][k] as number) + 1
}

export const giveUp = (model: Parties, k: number): void => {
  model.waiting = model.waiting.filter((other) => other !== k)
}

/** Something that is done to a primitive and to its model, after which both must look the same. */
export interface Step<Model, Subject> {
  readonly name: string
  /** Whether it may be done now. */
  readonly when?: (model: Model) => boolean
  /** Does it, and compares what it gives at once. */
  readonly run: (model: Model, real: Real<Subject>) => Promise<void>
}

/** A model, and how to compare it. */
export interface Modelled<Model extends Parties, Subject> {
  readonly initial: (subject: Subject) => Model
  readonly steps: ReadonlyArray<fc.Arbitrary<Step<Model, Subject>>>
  /** What is compared apart from the parties. */
  readonly stateOf: (model: Model) => unknown
  readonly seenOf: (real: Real<Subject>) => Effect.Effect<unknown, unknown>
}

/** A number of a party. */
export const party = fc.nat(PARTIES - 1)

const seenBy = ({ parties }: Real<unknown>): Seen => ({
  waiting: parties.flatMap(({ isWaiting }, k) => (isWaiting ? [k] : [])),
  passed: parties.map(({ passed }) => passed),
  failed: parties.map(({ failed }) => failed),
})

/** Waits until a primitive looks like its model; fails with the difference where it does not come to that. */
const agree = async <Model extends Parties, Subject>(
  { seenOf, stateOf }: Modelled<Model, Subject>,
  model: Model,
  real: Real<Subject>,
  signal: AbortSignal,
): Promise<void> => {
  const { failed, passed, waiting } = model
  const expected = { state: stateOf(model), waiting: waiting.toSorted(), passed, failed }
  const end = performance.now() + 2000
  for (;;) {
    const found = { state: await Effect.runPromise(seenOf(real)), ...seenBy(real) }
    try {
      return assert.deepEqual(found, expected)
    } catch (error) {
      if (performance.now() > end || signal.aborted) throw error
      await Effect.runPromise(Effect.sleep(0))
    }
  }
}

/** The law that a primitive does what its model does, whatever is done to both. */
export const follows = <Model extends Parties, Subject>(
  modelled: Modelled<Model, Subject>,
  runs = 20,
): Law<Effect.Effect<Subject, unknown>> => ({
  name: "model",
  says: "It does what its model does, whatever is done to both.",
  check: (make) =>
    Effect.promise((signal) => {
      const commands = fc.commands(
        modelled.steps.map((steps) =>
          steps.map(
            ({ name, run, when }): fc.AsyncCommand<Model, Real<Subject>> => ({
              check: (model) => when?.(model) ?? true,
              run: async (model, real) => {
                await run(model, real)
                await agree(modelled, model, real, signal)
              },
              toString: () => name,
            }),
          ),
        ),
        { size: "+1" },
      )
      const property = fc.asyncProperty(commands, async (commands) => {
        const subject = await Effect.runPromise(make)
        const real = { subject, parties: Array.from({ length: PARTIES }, () => new Party()) }
        const model = modelled.initial(subject)
        try {
          await fc.asyncModelRun(() => ({ model, real }), commands)
          // What must not happen may need a moment.
          await Effect.runPromise(Effect.sleep(1))
          await agree(modelled, model, real, signal)
        } finally {
          await Promise.all(real.parties.map((party) => party.end()))
        }
      })
      return fc.assert(property, { numRuns: runs })
    }),
})
