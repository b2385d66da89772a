/** Queues against an array and a line. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Law } from "../laws/law.ts"
import type { Queue } from "../laws/queues.ts"
import { follows, giveUp, nobody, type Parties, party, pass, type Step } from "./party.ts"

interface Model extends Parties {
  readonly capacity: number
  readonly values: Array<number>
  /** What those that wait to put will put; the others wait to get. */
  readonly offers: Map<number, number>
  /** What each party has got by waiting. */
  readonly got: ReadonlyArray<Array<number>>
  next: number
}

type QueueStep = Step<Model, Queue>

const isFree = ({ waiting }: Model, k: number): boolean => !waiting.includes(k)

/** Those that wait go on as far as they can. Only one kind of them can be there. */
const goOn = (model: Model): void => {
  const { capacity, got, offers, values, waiting } = model
  const [first] = waiting
  if (first === undefined) return
  const offer = offers.get(first)
  if (offer !== undefined && values.length < capacity) {
    values.push(offer)
    offers.delete(first)
  } else if (offer === undefined && values.length > 0) {
    got[first]?.push(values.shift() as number)
  } else return
  pass(model, 1)
  goOn(model)
}

/** Waits behind the others, or goes first where it need not wait: then all others wait for what it brings. */
const begin = (model: Model, k: number, mayGo: () => boolean): void => {
  if (mayGo()) model.waiting.unshift(k)
  else model.waiting.push(k)
  goOn(model)
}

const put = (model: Model, value: number): boolean => {
  if (model.values.length === model.capacity) return false
  model.values.push(value)
  goOn(model)
  return true
}

const get = (model: Model): number | undefined => {
  const value = model.values.shift()
  goOn(model)
  return value
}

const valueIn = (exit: Exit.Exit<unknown, unknown> | undefined): unknown =>
  exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined

const ofParty = (step: (k: number) => QueueStep) => party.map(step)

export const queueModel: Law<Effect.Effect<Queue, unknown>> = follows({
  initial: ({ capacity }): Model => ({
    ...nobody(),
    capacity,
    values: [],
    offers: new Map(),
    got: nobody().passed.map(() => []),
    next: 1,
  }),
  steps: [
    ofParty((k) => ({
      name: `${k} puts`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        const value = model.next++
        parties[k]?.waitsFor(Effect.asVoid(subject.put(value)))
        model.offers.set(k, value)
        begin(model, k, () => model.values.length < model.capacity)
      },
    })),
    ofParty((k) => ({
      name: `${k} gets`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        parties[k]?.waitsFor(subject.get)
        begin(model, k, () => model.values.length > 0)
      },
    })),
    ofParty((k) => ({
      name: `${k} tries to put`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        const value = model.next++
        assert.equal(valueIn(await parties[k]?.does(subject.tryPut(value))), put(model, value))
      },
    })),
    ofParty((k) => ({
      name: `${k} tries to get`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        assert.equal(valueIn(await parties[k]?.does(subject.tryGet)), get(model))
      },
    })),
    ofParty((k) => ({
      name: `${k} puts within 1 ms`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        const value = model.next++
        const exit = await parties[k]?.does(subject.putWithin(value, 1))
        assert.equal(exit?._tag, put(model, value) ? "Success" : "Failure")
      },
    })),
    ofParty((k) => ({
      name: `${k} gets within 1 ms`,
      when: (model) => isFree(model, k),
      run: async (model, { parties, subject }) => {
        assert.equal(valueIn(await parties[k]?.does(subject.getWithin(1))), get(model))
      },
    })),
    ofParty((k) => ({
      name: `${k} is interrupted`,
      when: (model) => !isFree(model, k),
      run: async (model, { parties }) => {
        await parties[k]?.interrupt()
        model.offers.delete(k)
        giveUp(model, k)
      },
    })),
  ],
  stateOf: ({ got, values }) => ({ got, size: values.length }),
  seenOf: ({ parties, subject }) =>
    Effect.map(subject.size, (size) => ({
      got: parties.map(({ received }) => received.filter((value) => value !== undefined)),
      size,
    })),
})
