/** Conditions against a line of those who wait. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import type { Condition } from "../laws/conditions.ts"
import type { Law } from "../laws/law.ts"
import { follows, giveUp, nobody, PARTIES, type Parties, party, pass, type Step } from "./party.ts"

type ConditionStep = Step<Parties, Condition>

export const conditionModel: Law<Effect.Effect<Condition, unknown>> = follows<Parties, Condition>({
  initial: nobody,
  steps: [
    party.map(
      (k): ConditionStep => ({
        name: `${k} waits`,
        when: ({ waiting }) => !waiting.includes(k),
        run: async (model, { parties, subject }) => {
          parties[k]?.waitsFor(subject.withLock(subject.wait))
          model.waiting.push(k)
        },
      }),
    ),
    party.map(
      (k): ConditionStep => ({
        name: `${k} waits 1 ms in vain`,
        when: ({ waiting }) => !waiting.includes(k),
        run: async (_model, { parties, subject }) => {
          const exit = await parties[k]?.does(subject.withLock(subject.waitWithin(1)))
          assert.equal(exit?._tag, "Failure")
        },
      }),
    ),
    party.map(
      (k): ConditionStep => ({
        name: `${k} is interrupted`,
        when: ({ waiting }) => waiting.includes(k),
        run: async (model, { parties }) => {
          await parties[k]?.interrupt()
          giveUp(model, k)
        },
      }),
    ),
    fc.integer({ min: 1, max: 3 }).map(
      (count): ConditionStep => ({
        name: `notify ${count}`,
        run: async (model, { subject }) => {
          await Effect.runPromise(subject.withLock(subject.notify(count)))
          pass(model, count)
        },
      }),
    ),
    fc.constant<ConditionStep>({
      name: "notify all",
      run: async (model, { subject }) => {
        await Effect.runPromise(subject.withLock(subject.notifyAll))
        pass(model, PARTIES)
      },
    }),
  ],
  stateOf: () => undefined,
  seenOf: () => Effect.void,
})
