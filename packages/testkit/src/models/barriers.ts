/** Barriers against a line of those who have come. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import type { Barrier } from "../laws/barriers.ts"
import type { Law } from "../laws/law.ts"
import { follows, giveUp, nobody, PARTIES, type Parties, party, pass, type Step } from "./party.ts"

interface Model extends Parties {
  readonly size: number
  isBroken: boolean
}

type BarrierStep = Step<Model, Barrier>

const arrive = (model: Model, k: number): void => {
  model.waiting.push(k)
  if (model.isBroken) pass(model, 1, "failed")
  if (model.waiting.length === model.size) pass(model, model.size)
}

/** Of barriers for so many parties, up to 5. */
export const barrierModel = (size: number): Law<Effect.Effect<Barrier, unknown>> =>
  follows<Model, Barrier>({
    initial: () => ({ ...nobody(), size, isBroken: false }),
    steps: [
      party.map(
        (k): BarrierStep => ({
          name: `${k} arrives`,
          when: ({ waiting }) => !waiting.includes(k),
          run: async (model, { parties, subject }) => {
            parties[k]?.waitsFor(subject.wait)
            arrive(model, k)
          },
        }),
      ),
      party.map(
        (k): BarrierStep => ({
          name: `${k} waits 1 ms, which breaks it unless it is the last`,
          when: ({ waiting }) => !waiting.includes(k),
          run: async (model, { parties, subject }) => {
            const isLast = !model.isBroken && model.waiting.length === model.size - 1
            const exit = await parties[k]?.does(subject.waitWithin(1))
            assert.equal(exit?._tag, isLast ? "Success" : "Failure")
            pass(model, PARTIES, isLast ? "passed" : "failed")
            model.isBroken = !isLast
          },
        }),
      ),
      party.map(
        (k): BarrierStep => ({
          name: `${k} is interrupted`,
          when: ({ waiting }) => waiting.includes(k),
          run: async (model, { parties }) => {
            await parties[k]?.interrupt()
            giveUp(model, k)
          },
        }),
      ),
      fc.constantFrom("abort" as const, "reset" as const).map(
        (name): BarrierStep => ({
          name,
          run: async (model, { subject }) => {
            await Effect.runPromise(subject[name])
            pass(model, PARTIES, "failed")
            model.isBroken = name === "abort"
          },
        }),
      ),
    ],
    stateOf: ({ isBroken, waiting }) => ({ isBroken, waiting: waiting.length }),
    seenOf: ({ subject }) => Effect.all({ isBroken: subject.isBroken, waiting: subject.waiting }),
  })
