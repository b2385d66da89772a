import { Main } from "@multifiber/platform"
import { Console, Effect } from "effect"
import { Connection, Pipe, Process, Queue, Array as SharedArray, Waitable } from "multifiber"
import { type Found, throughArray, throughPipe, throughQueue } from "./tasks.ts"

/** The numbers that each process searches. */
const ranges = [0, 1, 2, 3].map((index) => ({ index, from: index * 20_000, to: (index + 1) * 20_000 }))

const sum = (counts: ReadonlyArray<number>): number => counts.reduce((total, count) => total + count, 0)

/** Each process has a pipe of its own: this program waits for all of them at once, until each has ended. */
const byPipes = Effect.gen(function* () {
  const open = new Set<Connection.Connection<never, Found>>()
  for (const { from, to } of ranges) {
    const [reader, writer] = yield* Pipe.make<never, Found>({ duplex: false })
    yield* Process.start(yield* Process.make(throughPipe, [writer, from, to]))
    // The process has it now. As long as it were open here as well, the pipe would not end.
    yield* Connection.close(writer)
    open.add(reader)
  }
  const counts: Array<number> = []
  while (open.size > 0) {
    for (const reader of yield* Waitable.wait([...open])) {
      yield* Connection.recv(reader).pipe(
        Effect.map(({ primes }) => counts.push(primes)),
        Effect.catchTag("Eof", () => Effect.sync(() => open.delete(reader))),
      )
    }
  }
  return sum(counts)
})

/** All processes put into one queue: there are as many results as processes. */
const byQueue = Effect.gen(function* () {
  const queue = yield* Queue.make<Found>()
  for (const { from, to } of ranges) {
    yield* Process.start(yield* Process.make(throughQueue, [queue, from, to]))
  }
  const found = yield* Effect.replicateEffect(Queue.get(queue), ranges.length)
  return sum(found.map(({ primes }) => primes))
})

/** Each process writes into a place of its own: it is there when the process has ended. */
const byArray = Effect.gen(function* () {
  const counts = yield* SharedArray.make("i32", ranges.length)
  const processes = yield* Effect.forEach(ranges, ({ from, index, to }) =>
    Process.make(throughArray, [counts, index, from, to]),
  )
  yield* Effect.forEach(processes, Process.start)
  // The result rather than `join`, so that a process that fails makes the lesson fail.
  yield* Effect.forEach(processes, (process) => Effect.flatten(Process.result(process)))
  return sum(yield* SharedArray.slice(counts))
})

/** Lesson 5: processes hand over what they found, through pipes, a queue or a shared array. */
const lesson5 = Effect.gen(function* () {
  yield* Console.log(`${ranges.length} processes count primes`)
  yield* Console.log(`through pipes: ${yield* byPipes}`)
  yield* Console.log(`through a queue: ${yield* byQueue}`)
  yield* Console.log(`through an array: ${yield* byArray}`)
})

Main.run(import.meta, lesson5)
