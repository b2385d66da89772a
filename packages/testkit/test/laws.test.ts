/** The laws and models hold for a plain implementation in one agent, and find each bug that is put into it. */
import * as Effect from "effect/Effect"
import { type Event, eventLaws } from "../src/laws/events.ts"
import { boundedLaws, type Permits, permitLaws } from "../src/laws/gates.ts"
import { eventModel } from "../src/models/events.ts"
import { boundedModel, permitModel } from "../src/models/gates.ts"
import { holdsAndFinds } from "./holdsAndFinds.ts"

/** What may be wrong with a gate, and the laws of which one must find it. */
const gateBugs = {
  "lets two in": ["exclusion", "one for one", "model"],
  "last come, first served": ["order", "model"],
  "forgets to leave the line": ["order", "interruption", "conservation", "model"],
  "keeps what comes with the interruption": ["interruption meets release", "model"],
  "keeps what comes after the time-out": ["time-out", "model"],
  "tries without looking": ["trying", "model"],
  "takes back more than it gave": ["bound", "model"],
  "keeps the place of a body that fails": ["around", "around with several"],
  "lets those that want few in before one that wants many": [
    "the first wants many",
    "order of those that want several",
    "model of several",
  ],
  "tries before those that wait": ["the first wants many", "model of several"],
  "takes in part": ["several or none"],
  "takes one of several": ["several or none", "around with several", "model of several"],
  "gives back one of several": ["conservation of several", "around with several", "model of several"],
  "does not look at the next one when one gives up": ["the first wants many", "model of several"],
  "takes any number": ["no number of permits"],
} as const

type GateBug = keyof typeof gateBugs

/** A bounded semaphore that hands its places over. */
const gate = (total: number, bug?: GateBug): Effect.Effect<Permits> =>
  Effect.sync(() => {
    const line: Array<{ readonly resume: () => void; readonly wanted: number; hasPlace: boolean }> = []
    let free = total

    /** Who gets in next, if anybody. */
    const next = () => {
      if (bug === "lets those that want few in before one that wants many") return line.find(fits)
      const first = bug === "last come, first served" ? line.at(-1) : line[0]
      return first && fits(first) ? first : undefined
    }
    const fits = ({ wanted }: { readonly wanted: number }) => wanted <= free
    const admit = (): void => {
      for (let place = next(); place !== undefined; place = next()) {
        line.splice(line.indexOf(place), 1)
        free -= bug === "takes one of several" ? 1 : place.wanted
        place.hasPlace = true
        place.resume()
        if (bug === "lets two in") line.shift()?.resume()
      }
    }
    const giveBack = (count: number): void => {
      free += bug === "gives back one of several" ? 1 : count
      admit()
    }

    /** Is there such a number of permits. */
    const checked = <A>(count: number, effect: Effect.Effect<A, unknown>): Effect.Effect<A, unknown> =>
      (Number.isSafeInteger(count) && count >= 1 && count <= total) || bug === "takes any number"
        ? effect
        : Effect.fail("no number of permits")

    const tryAcquireMany = (count: number) =>
      Effect.sync(() => {
        const comesLast = line.length > 0 && bug !== "tries before those that wait"
        if (comesLast || free < count) {
          if (bug === "takes in part" && free > 0) free--
          return bug === "tries without looking"
        }
        free -= bug === "takes one of several" ? 1 : count
        return true
      })
    const waitFor = (count: number, stays: boolean) =>
      Effect.async<void>((resume) => {
        const place = { resume: () => resume(Effect.void), wanted: count, hasPlace: false }
        line.push(place)
        return Effect.sync(() => {
          if (stays) return
          if (place.hasPlace) {
            if (bug !== "keeps what comes with the interruption") giveBack(count)
            return
          }
          line.splice(line.indexOf(place), 1)
          if (bug !== "does not look at the next one when one gives up") admit()
        })
      })
    const acquireUnless = (count: number, wait: Effect.Effect<void, unknown>) =>
      checked(
        count,
        Effect.flatMap(tryAcquireMany(count), (taken) =>
          taken && bug !== "tries without looking" ? Effect.void : wait,
        ),
      )
    const acquireMany = (count: number) =>
      acquireUnless(count, waitFor(count, bug === "forgets to leave the line"))
    const acquireManyWithin = (count: number, milliseconds: number) =>
      acquireUnless(
        count,
        Effect.timeoutFail(waitFor(count, bug === "keeps what comes after the time-out"), {
          duration: milliseconds,
          onTimeout: () => new Error("too long"),
        }),
      )
    const releaseMany = (count: number) =>
      checked(
        count,
        Effect.suspend(() => {
          if (free + count > total && bug !== "takes back more than it gave")
            return Effect.fail("all are there")
          return Effect.sync(() => giveBack(count))
        }),
      )
    const aroundMany = <A>(count: number, body: Effect.Effect<A, unknown>) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.zipRight(
          restore(acquireMany(count)),
          bug === "keeps the place of a body that fails"
            ? Effect.zipLeft(restore(body), releaseMany(count))
            : Effect.ensuring(restore(body), Effect.orDie(releaseMany(count))),
        ),
      )
    return {
      total,
      acquireMany,
      tryAcquireMany: (count) => checked(count, tryAcquireMany(count)),
      acquireManyWithin,
      releaseMany,
      aroundMany,
      acquire: acquireMany(1),
      tryAcquire: tryAcquireMany(1),
      acquireWithin: (milliseconds) => acquireManyWithin(1, milliseconds),
      release: releaseMany(1),
      around: (body) => aroundMany(1, body),
      free: Effect.sync(() => free),
    }
  })

const eventBugs = {
  "wakes one": ["all wake", "giving up", "model"],
  "forgets the waiters of a set that is cleared": ["all wake", "model"],
  "never waits": ["open while set", "all wake", "giving up", "model"],
  "clears nothing": ["set and clear", "all wake", "open while set", "model"],
} as const

type EventBug = keyof typeof eventBugs

const event = (bug?: EventBug): Effect.Effect<Event> =>
  Effect.sync(() => {
    const waiting = new Set<() => void>()
    let isSet = false
    const wake = () => {
      if (bug === "forgets the waiters of a set that is cleared" && !isSet) return
      for (const resume of [...waiting].slice(0, bug === "wakes one" ? 1 : undefined)) {
        waiting.delete(resume)
        resume()
      }
    }
    const wait = Effect.async<void>((resume) => {
      const pass = () => resume(Effect.void)
      if (isSet || bug === "never waits") return pass()
      waiting.add(pass)
      return Effect.sync(() => waiting.delete(pass))
    })
    return {
      set: Effect.sync(() => {
        isSet = true
        if (bug === "forgets the waiters of a set that is cleared") setTimeout(wake)
        else wake()
      }),
      clear: Effect.sync(() => {
        isSet = bug === "clears nothing" && isSet
      }),
      isSet: Effect.sync(() => isSet),
      wait,
      waitWithin: (milliseconds) =>
        Effect.timeoutFail(wait, { duration: milliseconds, onTimeout: () => new Error("too long") }),
    }
  })

holdsAndFinds(
  "gates",
  [...boundedLaws, boundedModel, ...permitLaws, { ...permitModel(), name: "model of several" }],
  (bug?: GateBug) => gate(3, bug),
  gateBugs,
)
holdsAndFinds("events", [...eventLaws, eventModel], event, eventBugs)
