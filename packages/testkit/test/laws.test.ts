/** The laws and models hold for a plain implementation in one agent, and find each bug that is put into it. */
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Event, eventLaws } from "../src/laws/events.ts"
import { boundedLaws, type Gate } from "../src/laws/gates.ts"
import type { Law } from "../src/laws/law.ts"
import { eventModel } from "../src/models/events.ts"
import { boundedModel } from "../src/models/gates.ts"

const BOUND = 60_000

/** What may be wrong with a gate, and the laws of which one must find it. */
const gateBugs = {
  "lets two in": ["exclusion", "one for one", "model"],
  "last come, first served": ["order", "model"],
  "forgets to leave the line": ["order", "interruption", "conservation", "model"],
  "keeps what comes with the interruption": ["interruption meets release", "model"],
  "keeps what comes after the time-out": ["time-out", "model"],
  "tries without looking": ["trying", "model"],
  "takes back more than it gave": ["bound", "model"],
  "keeps the place of a body that fails": ["around"],
} as const

type GateBug = keyof typeof gateBugs

/** A bounded semaphore that hands its places over. */
const gate = (total: number, bug?: GateBug): Effect.Effect<Gate> =>
  Effect.sync(() => {
    const line: Array<{ readonly resume: () => void; hasPlace: boolean }> = []
    let free = total
    const giveBack = (): void => {
      const next = bug === "last come, first served" ? line.pop() : line.shift()
      if (next === undefined) {
        free++
        return
      }
      next.hasPlace = true
      next.resume()
      if (bug === "lets two in") line.shift()?.resume()
    }
    const tryAcquire = Effect.sync(() => {
      if (free === 0) return bug === "tries without looking"
      free--
      return true
    })
    const acquireUnless = (stays: boolean) =>
      Effect.flatMap(tryAcquire, (taken) =>
        taken && bug !== "tries without looking"
          ? Effect.void
          : Effect.async<void>((resume) => {
              const place = { resume: () => resume(Effect.void), hasPlace: false }
              line.push(place)
              return Effect.sync(() => {
                if (stays) return
                if (!place.hasPlace) line.splice(line.indexOf(place), 1)
                else if (bug !== "keeps what comes with the interruption") giveBack()
              })
            }),
      )
    const acquire = acquireUnless(bug === "forgets to leave the line")
    const acquireWithin = (milliseconds: number) =>
      Effect.timeoutFail(acquireUnless(bug === "keeps what comes after the time-out"), {
        duration: milliseconds,
        onTimeout: () => new Error("too long"),
      })
    const release = Effect.suspend(() => {
      if (free === total && bug !== "takes back more than it gave") return Effect.fail("all are there")
      return Effect.sync(giveBack)
    })
    return {
      total,
      acquire,
      tryAcquire,
      acquireWithin: (milliseconds) =>
        Effect.flatMap(tryAcquire, (taken) => {
          if (taken) return Effect.void
          return acquireWithin(milliseconds)
        }),
      release,
      around: (body) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.zipRight(
            restore(acquire),
            bug === "keeps the place of a body that fails"
              ? Effect.zipLeft(restore(body), release)
              : Effect.ensuring(restore(body), Effect.orDie(release)),
          ),
        ),
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

/** Why a law does not hold, none where it does. One that has not come to an end by then does not. */
const breach = <Subject>(
  { check }: Law<Subject>,
  subject: Subject,
  seconds: number,
): Effect.Effect<string | undefined> =>
  Effect.map(
    Effect.exit(
      Effect.timeoutFail(Effect.disconnect(check(subject)), {
        duration: `${seconds} seconds`,
        onTimeout: () => "it waits for ever",
      }),
    ),
    (exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : undefined),
  )

const holdsAndFinds = <Subject, Bug extends string>(
  name: string,
  laws: ReadonlyArray<Law<Subject>>,
  make: (bug?: Bug) => Subject,
  bugs: Record<Bug, ReadonlyArray<string>>,
): void => {
  describe.concurrent(name, () => {
    for (const law of laws) {
      it.live(
        `${law.name} holds`,
        () => Effect.map(breach(law, make(), 40), (why) => expect(why).toBeUndefined()),
        BOUND,
      )
    }

    const cases = (Object.entries(bugs) as Array<[Bug, ReadonlyArray<string>]>).flatMap(([bug, names]) =>
      laws.filter(({ name }) => names.includes(name)).map((law) => ({ bug, law })),
    )
    it.live(
      "each bug is found by its laws",
      () =>
        Effect.gen(function* () {
          const missed = yield* Effect.filter(
            cases,
            ({ bug, law }) => Effect.map(breach(law, make(bug), 3), (why) => why === undefined),
            { concurrency: "unbounded" },
          )
          expect(missed.map(({ bug, law }) => `${law.name}: ${bug}`)).toEqual([])
          expect(cases.length).toBe(Object.values(bugs).flat().length)
        }),
      BOUND,
    )
  })
}

holdsAndFinds("gates", [...boundedLaws, boundedModel], (bug?: GateBug) => gate(2, bug), gateBugs)
holdsAndFinds("events", [...eventLaws, eventModel], event, eventBugs)
