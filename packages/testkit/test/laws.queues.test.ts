/** The laws and the model of queues hold for a plain one in one agent, and find each bug that is put into it. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type JoinableQueue, joinableQueueLaws } from "../src/laws/joinableQueues.ts"
import { queueLaws } from "../src/laws/queues.ts"
import { queueModel } from "../src/models/queues.ts"
import { holdsAndFinds } from "./holdsAndFinds.ts"

/** What may be wrong with a queue, and the laws of which one must find it. */
const bugs = {
  "loses the last one when a put is too late": ["time-out", "model", "what counts"],
  "puts what comes too late": ["time-out", "model"],
  "gets what comes too late": ["time-out", "model"],
  "last in, first out": ["order", "conservation", "shutdown", "model"],
  "last come, first served": ["order", "model"],
  "holds one more": ["capacity", "trying", "time-out", "what counts", "model"],
  "holds one less": ["order", "capacity", "trying", "time-out", "shutdown", "model"],
  "forgets to leave the line": ["interruption", "model"],
  "forgets the next one when one gives up": ["interruption meets what comes"],
  "is interrupted when it has acted": ["interruption meets what comes"],
  "says that it has put": ["trying", "what counts", "model"],
  "waits when it tries to put": ["trying", "what counts", "model"],
  "waits when it tries to get": ["trying", "model"],
  "loses what it holds when it is shut down": ["shutdown"],
  "puts after it was shut down": ["shutdown"],
  "lets those wait that do when it is shut down": ["shutdown", "shutdown of an empty one"],
  "has more done than was put": ["too much done", "what counts"],
  "counts what is done one too often": ["too much done"],
  "joins when all is got": ["join"],
  "joins when the first is done": ["join"],
  "joins when all is done that was put before": ["join"],
  "lets one joiner pass": ["join", "a moment is enough"],
  "lets joiners look again": ["a moment is enough"],
  "counts what found no room": ["what counts"],
} as const

type Bug = keyof typeof bugs

const CAPACITY = 3

type Line = Array<Effect.Latch>

/** A queue whose fibers take their turns themselves: whenever something changes, all look. */
const queue = (bug?: Bug): Effect.Effect<JoinableQueue> =>
  Effect.sync(() => {
    const most = CAPACITY + (bug === "holds one more" ? 1 : bug === "holds one less" ? -1 : 0)
    const values: Array<number> = []
    const writers: Line = []
    const readers: Line = []
    const joiners = new Set<() => void>()
    let isShut = false
    let puts = 0
    let done = 0

    const callsOne = bug === "forgets the next one when one gives up"
    const changed = () => {
      for (const line of [writers, readers]) {
        for (const place of callsOne ? line.slice(0, 1) : line) place.unsafeOpen()
      }
    }

    /** Acts in its turn, as soon as there is something to do. */
    const turn = <A>(line: Line, act: () => Effect.Effect<A, unknown> | undefined) =>
      Effect.uninterruptibleMask((restore) => {
        const place = Effect.unsafeMakeLatch()
        line.push(place)
        const leave = Effect.sync(() => line.splice(line.indexOf(place), 1))
        const look: Effect.Effect<A, unknown> = Effect.suspend(() => {
          place.unsafeClose()
          const isNext = place === line.at(bug === "last come, first served" ? -1 : 0)
          const result = isNext ? act() : undefined
          if (result === undefined) return Effect.zipRight(restore(place.await), look)
          return bug === "is interrupted when it has acted"
            ? Effect.zipLeft(result, restore(Effect.yieldNow()))
            : result
        })
        if (bug === "forgets to leave the line") return Effect.zipLeft(look, Effect.map(leave, changed))
        return callsOne
          ? Effect.zipLeft(
              Effect.onInterrupt(look, () => leave),
              Effect.map(leave, changed),
            )
          : Effect.ensuring(look, Effect.map(leave, changed))
      })

    const put = (value: number): Effect.Effect<void, unknown> | undefined => {
      if (isShut && bug !== "puts after it was shut down") return Effect.fail("it is shut down")
      if (values.length >= most) return undefined
      values.push(value)
      puts++
      changed()
      return Effect.void
    }
    const get = (): Effect.Effect<number, unknown> | undefined => {
      if (values.length === 0) return isShut ? Effect.fail("it is shut down") : undefined
      const value = (bug === "last in, first out" ? values.pop() : values.shift()) as number
      changed()
      if (bug === "joins when all is got" && values.length === 0) joined()
      return Effect.succeed(value)
    }
    const putting = (value: number) => turn(writers, () => put(value))
    const getting = turn(readers, get)

    const within =
      (goesOn: Bug, onTimeout = () => {}) =>
      <A>(self: Effect.Effect<A, unknown>, milliseconds: number) =>
        Effect.timeoutFail(bug === goesOn ? Effect.flatMap(Effect.forkDaemon(self), Fiber.join) : self, {
          duration: milliseconds,
          onTimeout: () => {
            onTimeout()
            return "too late"
          },
        })
    const refused = () => {
      if (bug === "counts what found no room") puts++
    }
    const putWithin = within("puts what comes too late", () => {
      refused()
      if (bug === "loses the last one when a put is too late") values.pop()
    })

    const joined = () => {
      for (const pass of [...joiners].slice(0, bug === "lets one joiner pass" ? 1 : undefined)) pass()
    }
    const isDone = (target: number) =>
      bug === "joins when all is done that was put before" ? done >= target : done === puts
    const join: Effect.Effect<void> = Effect.suspend(() => {
      const target = puts
      if (isDone(target)) return Effect.void
      const waiting = Effect.async<void>((resume) => {
        const pass = () => {
          joiners.delete(pass)
          resume(Effect.void)
        }
        joiners.add(pass)
        return Effect.sync(() => joiners.delete(pass))
      })
      return bug === "lets joiners look again" ? Effect.zipRight(waiting, join) : waiting
    })

    return {
      capacity: CAPACITY,
      put: putting,
      tryPut: (value) => {
        if (bug === "waits when it tries to put") return Effect.as(putting(value), true)
        return Effect.suspend(() => {
          const act = put(value)
          if (act !== undefined) return Effect.as(act, true)
          refused()
          return Effect.succeed(bug === "says that it has put")
        })
      },
      putWithin: (value, milliseconds) => putWithin(putting(value), milliseconds),
      get: getting,
      tryGet:
        bug === "waits when it tries to get"
          ? getting
          : Effect.suspend(
              (): Effect.Effect<number | undefined, unknown> => get() ?? Effect.succeed(undefined),
            ),
      getWithin: (milliseconds) => within("gets what comes too late")(getting, milliseconds),
      size: Effect.sync(() => values.length),
      shutdown: Effect.sync(() => {
        isShut = true
        if (bug === "loses what it holds when it is shut down") values.length = 0
        if (bug !== "lets those wait that do when it is shut down") changed()
      }),
      taskDone: Effect.suspend(() => {
        const isOneTooMany = done === puts
        if (!isOneTooMany || bug === "counts what is done one too often") done++
        if (isOneTooMany && bug !== "has more done than was put") return Effect.fail("all is done")
        if (isDone(done) || bug === "joins when the first is done") joined()
        return Effect.void
      }),
      join,
      joinWithin: (milliseconds) =>
        Effect.timeoutFail(join, { duration: milliseconds, onTimeout: () => "too late" }),
    }
  })

holdsAndFinds("queues", [...queueLaws, queueModel, ...joinableQueueLaws], queue, bugs)
