/**
 * Agents that put into a queue and get from it, send and receive, are killed at random, also in the middle of large messages, while
 * fibers use the queue as well. MULTIFIBER_STORM_SECONDS says how long; a few seconds where it does not.
 */
import { expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Connection from "../src/Connection.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import {
  type Item,
  messageStorm,
  NEXT,
  nextItem,
  noteGot,
  notePut,
  PIPED,
  QUEUED,
  type Storm,
  WORDS,
  WRONG,
} from "./fixtures/messageStorm.ts"
import { live, reached, within } from "./live.ts"
import { SECONDS } from "./storms.ts"

const ITEMS = 50_000 * (SECONDS + 10)

const { getting, putting, receiving, sending } = messageStorm

/** What is at work. The last of each pair takes items out. */
const ROLES = [putting, getting, putting, getting, sending, receiving]

const takes = (role: number): boolean => role % 2 === 1

const started = (storm: Storm, role: number) =>
  Effect.tap(
    Process.make(ROLES[role] as (typeof ROLES)[number], [storm], { daemon: true, logging: false }),
    Process.start,
  )

/** Waits until so many more have come through. */
const again = (flags: Flags.Flags, through: number, times: number) =>
  reached(flags, through, Flags.get(flags, through) + times)

const words = (count: number) => new Uint8Array(new SharedArrayBuffer(count))

live(
  "no death of an agent stops a queue or a pipe, loses what another has put, or brings it twice",
  () =>
    Effect.gen(function* () {
      const [receiver, sender] = yield* Pipe.make<never, Item>({ duplex: false })
      const storm: Storm = {
        queue: yield* Queue.make<Item>({ capacity: 16 }),
        sender: sender as never,
        receiver: receiver as never,
        flags: Flags.make(WORDS),
        put: words(ITEMS),
        got: words(ITEMS),
      }
      const { flags, queue } = storm
      const puts = Effect.gen(function* () {
        const item = nextItem(storm)
        if (item === undefined) return
        yield* Effect.uninterruptible(
          Effect.map(Queue.tryPut(queue, item), (isPut) => isPut && notePut(storm, item)),
        )
      })
      const gets = Effect.uninterruptible(
        Effect.map(
          Queue.tryGet(queue),
          Option.map((item) => noteGot(storm, item, QUEUED)),
        ),
      )
      const waits = Effect.map(Queue.getWithin(queue, 5), (item) => noteGot(storm, item, QUEUED))
      const fibers = yield* Effect.forkScoped(
        Effect.forEach(
          [puts, gets, Effect.ignore(waits)],
          (act) => Effect.forever(Effect.zipRight(Effect.asVoid(act), Effect.sleep(2))),
          { concurrency: "unbounded" },
        ),
      )
      const workers = yield* Effect.forEach(ROLES, (_, role) => started(storm, role))
      const end = performance.now() + SECONDS * 1000
      let deaths = 0
      let deadTakers = 0
      while (performance.now() < end) {
        yield* Effect.sleep(yield* Random.nextIntBetween(10, 120))
        const roles = (yield* Random.shuffle(ROLES.keys())).pipe(Chunk.take(1 + (deaths % 3)))
        const victims = Chunk.map(roles, (role) => workers[role] as (typeof workers)[number])
        yield* Effect.forEach(victims, Process.kill)
        for (const role of roles) {
          yield* within(20)(Process.join(workers[role] as (typeof workers)[number]))
          deaths++
          if (takes(role)) deadTakers++
          workers[role] = yield* started(storm, role)
        }
        yield* within(20)(
          Effect.all([again(flags, QUEUED, 50), again(flags, PIPED, 50)], { concurrency: "unbounded" }),
        )
      }
      for (const worker of workers) yield* Process.kill(worker)
      for (const worker of workers) yield* within(20)(Process.join(worker))
      deadTakers += ROLES.filter((_, role) => takes(role)).length
      yield* within(10)(Fiber.interrupt(fibers))
      // What is left is got now, also what the dead had put and not said so.
      for (;;) {
        const left = yield* within(10)(Effect.option(Queue.getWithin(queue, 500)))
        if (Option.isNone(left)) break
        noteGot(storm, left.value, QUEUED)
      }
      for (;;) {
        const left = yield* within(10)(Effect.exit(Connection.recvWithin(storm.receiver, 500)))
        if (Exit.isFailure(left)) break
        noteGot(storm, left.value, PIPED)
      }
      const used = Flags.get(flags, NEXT)
      let lost = 0
      let unsaid = 0
      for (let id = 0; id < used; id++) {
        if (storm.put[id] === 1 && storm.got[id] === 0) lost++
        if (storm.put[id] === 0 && storm.got[id] === 1) unsaid++
      }
      console.log(
        `storm: ${deaths} deaths, ${Flags.get(flags, QUEUED)} through the queue, ${Flags.get(flags, PIPED)} through the pipe, ` +
          `${lost} in the hands of ${deadTakers} dead, ${unsaid} put by the dead`,
      )
      expect(Flags.get(flags, WRONG)).toBe(0)
      expect(lost).toBeLessThanOrEqual(deadTakers)
      expect(unsaid).toBeLessThanOrEqual(deaths + ROLES.length)
      expect(deaths).toBeGreaterThan(SECONDS / 8)
      // It is as good as new.
      const item: Item = [0, new Uint8Array(2 ** 20)]
      yield* within(10)(Queue.put(queue, item))
      expect((yield* within(10)(Queue.get(queue)))[1].length).toBe(2 ** 20)
      yield* within(10)(Connection.send(storm.sender, item))
      expect((yield* within(10)(Connection.recv(storm.receiver)))[1].length).toBe(2 ** 20)
    }),
  SECONDS + 120,
)
