/** Events against a flag and those who wait for it. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import type { Event } from "../laws/events.ts"
import type { Law } from "../laws/law.ts"
import { follows, giveUp, nobody, PARTIES, type Parties, party, pass, type Step } from "./party.ts"

interface Model extends Parties {
  isSet: boolean
}

type EventStep = Step<Model, Event>

const change = (
  name: string,
  effect: (event: Event) => Effect.Effect<unknown, unknown>,
  ...sets: Array<boolean>
) =>
  fc.constant<EventStep>({
    name,
    run: async (model, { subject }) => {
      await Effect.runPromise(effect(subject))
      for (const isSet of sets) {
        model.isSet = isSet
        if (isSet) pass(model, PARTIES)
      }
    },
  })

export const eventModel: Law<Effect.Effect<Event, unknown>> = follows({
  initial: (): Model => ({ ...nobody(), isSet: false }),
  steps: [
    party.map(
      (k): EventStep => ({
        name: `${k} waits`,
        when: ({ waiting }) => !waiting.includes(k),
        run: async (model, { parties, subject }) => {
          parties[k]?.waitsFor(subject.wait)
          model.waiting.push(k)
          if (model.isSet) pass(model, PARTIES)
        },
      }),
    ),
    party.map(
      (k): EventStep => ({
        name: `${k} waits 1 ms`,
        when: ({ waiting }) => !waiting.includes(k),
        run: async ({ isSet }, { parties, subject }) => {
          const exit = await parties[k]?.does(subject.waitWithin(1))
          assert.equal(exit !== undefined && Exit.isSuccess(exit), isSet)
        },
      }),
    ),
    party.map(
      (k): EventStep => ({
        name: `${k} is interrupted`,
        when: ({ waiting }) => waiting.includes(k),
        run: async (model, { parties }) => {
          await parties[k]?.interrupt()
          giveUp(model, k)
        },
      }),
    ),
    change("set", ({ set }) => set, true),
    change("clear", ({ clear }) => clear, false),
    change("set and clear", ({ clear, set }) => Effect.zipRight(set, clear), true, false),
    change("clear and set", ({ clear, set }) => Effect.zipRight(clear, set), false, true),
  ],
  stateOf: ({ isSet }) => isSet,
  seenOf: ({ subject }) => subject.isSet,
})
