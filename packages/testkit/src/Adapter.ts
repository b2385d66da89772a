/**
 * What every adapter must do, as a suite: its test file only names the layer.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as AsyncResult from "multifiber/AsyncResult"
import { type Capabilities, Platform } from "multifiber/Platform"
import * as Pool from "multifiber/Pool"
import * as Process from "multifiber/Process"
import { tasks } from "./adapterTasks.ts"
import * as Flags from "./Flags.ts"
import { run } from "./program.ts"
import * as Recorder from "./Recorder.ts"

const BOUND = 30_000

export interface Adapter {
  readonly layer: Layer.Layer<Platform>
  /** The module that exports the layer. */
  readonly entry: URL
  /** What the adapter must declare, and then do or not do. */
  readonly capabilities: Capabilities
}

/** Starts a process; gives it with the record of its agent. */
const started = <A>(make: ReturnType<typeof Process.make<any, A, never>>) =>
  Effect.gen(function* () {
    const { agents } = yield* Recorder.Recorder
    const process = yield* make
    yield* Process.start(process)
    const agent = agents[agents.length - 1] as Recorder.RecordedAgent
    return { process, agent }
  })

/** How an agent ends, and what is told of it. */
const ends: ReadonlyArray<{
  readonly name: string
  readonly make: (flags: Flags.Flags) => ReturnType<typeof Process.make<any, unknown, never>>
  readonly end?: -15 | -9
  readonly code: number
  readonly reason?: string
}> = [
  { name: "its task's end", make: () => Process.make(tasks.thread, []), code: 0 },
  { name: "process.exit(0)", make: () => Process.make(tasks.exit, [0]), code: 0 },
  { name: "process.exit(7)", make: () => Process.make(tasks.exit, [7]), code: 7 },
  {
    name: "an uncaught error",
    make: () => Process.make(tasks.throwLater, ["out of line"]),
    code: 1,
    reason: "TypeError: out of line",
  },
  {
    name: "an unhandled rejection",
    make: () => Process.make(tasks.rejectLater, ["out of hand"]),
    code: 1,
    reason: "TypeError: out of hand",
  },
  { name: "end(-15)", make: (flags) => Process.make(tasks.wait, [flags]), end: -15, code: -15 },
  { name: "end(-9)", make: (flags) => Process.make(tasks.wait, [flags]), end: -9, code: -9 },
]

/** The conformance suite of adapters. */
export const suite = (name: string, { capabilities, entry, layer }: Adapter): void => {
  const live = <A, E>(test: string, body: Effect.Effect<A, E, Platform | Recorder.Recorder | Scope.Scope>) =>
    it.scopedLive(test, () => Effect.provide(body, Recorder.layer(layer)), BOUND)

  describe(name, () => {
    live(
      "declares its capabilities",
      Effect.map(Platform, (platform) => {
        expect(platform.capabilities.stopsBusyThread === true).toBe(capabilities.stopsBusyThread === true)
        expect(platform.cores).toBeGreaterThanOrEqual(1)
      }),
    )

    live(
      "starts threads with an id each, which say that they are ready",
      Effect.gen(function* () {
        const one = yield* started(Process.make(tasks.thread, []))
        const two = yield* started(Process.make(tasks.thread, []))
        const ids = [yield* yield* Process.result(one.process), yield* yield* Process.result(two.process)]
        expect(ids).toEqual([one.agent.handle.id, two.agent.handle.id])
        expect(new Set([0, ...ids]).size).toBe(3)
      }),
    )

    live(
      "delivers messages in the order of their posts, both ways",
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        const settled: Array<number> = []
        const results = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, n) => n),
          () => Effect.zipLeft(Pool.applyAsync(pool, tasks.nth, []), Effect.yieldNow()),
        )
        yield* Effect.forEach(
          results,
          (result) => Effect.map(AsyncResult.get(result), (n) => settled.push(n)),
          { concurrency: "unbounded" },
        )
        expect(settled).toEqual(Array.from({ length: 200 }, (_, n) => n))
      }),
    )

    for (const { code, end, make, name, reason } of ends) {
      live(
        `tells of ${name}: code ${code}, after the last message, then that the thread is gone`,
        Effect.gen(function* () {
          const flags = Flags.make()
          const { until } = yield* Recorder.Recorder
          const { agent, process } = yield* started(make(flags))
          if (end !== undefined) {
            yield* Effect.promise(() => Flags.reached(flags, 0))
            agent.handle.end(end)
          }
          yield* until(() => agent.events.includes("gone") && agent.events.includes("exit"))
          expect(agent.exit?.code).toBe(code)
          expect(agent.events.slice(agent.events.indexOf("exit"))).toEqual(["exit", "gone"])
          const exit = yield* Process.result(process)
          if (reason !== undefined) expect(String(Exit.isFailure(exit) && exit.cause)).toContain(reason)
        }),
      )
    }

    live(
      "delivers what was posted before process.exit",
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        const before = yield* Effect.forEach([0, 1, 2, 3, 4], () => Pool.applyAsync(pool, tasks.nth, []))
        const lost = yield* Pool.applyAsync(pool, tasks.exit, [3])
        expect(yield* Effect.forEach(before, AsyncResult.get)).toEqual([0, 1, 2, 3, 4])
        expect(yield* Effect.flip(AsyncResult.get(lost))).toMatchObject({ _tag: "WorkerLost", exitCode: 3 })
      }),
    )

    /** A thread that answers at its line, and how many answers were heard. */
    const answering = Effect.gen(function* () {
      const flags = Flags.make()
      const { agent } = yield* started(Process.make(tasks.answer, [flags], { daemon: true }))
      yield* Effect.promise(() => Flags.reached(flags, 0))
      return {
        agent,
        line: agent.handle.line,
        heard: () => agent.events.filter((event) => event === "message").length,
      }
    })

    live(
      "what comes at a line is heard once, by who looks and by who does not",
      Effect.gen(function* () {
        const { until } = yield* Recorder.Recorder
        const { cores } = yield* Platform
        const { heard, line } = yield* answering
        const begin = heard()
        let rounds = 0
        let looked = 0
        while (rounds < 200 || (looked === 0 && rounds < 5000)) {
          rounds++
          line.post("next")
          if (rounds % 2 === 0) line.look()
          if (heard() === begin + rounds) looked++
          yield* until(() => heard() >= begin + rounds)
          expect(heard()).toBe(begin + rounds)
        }
        expect(looked > 0).toBe(cores > 1)
      }),
    )

    live(
      "looks keep the event loop from going round for a millisecond at most",
      Effect.gen(function* () {
        const { until } = yield* Recorder.Recorder
        const { heard, line } = yield* answering
        yield* Effect.sleep(10)
        const lookFor = (ms: number) => {
          for (const begin = performance.now(); performance.now() - begin < ms; ) line.look()
        }
        lookFor(5)
        const before = heard()
        line.post("next")
        lookFor(20)
        expect(heard()).toBe(before)
        yield* until(() => heard() === before + 1)
      }),
    )

    live(
      "what was posted at a line before process.exit is heard before the exit is told",
      Effect.gen(function* () {
        const { until } = yield* Recorder.Recorder
        const { agent, heard, line } = yield* answering
        const before = heard()
        for (const message of ["one", "two", "three", "exit"]) line.post(message)
        // All of it waits for this thread.
        for (const begin = performance.now(); performance.now() - begin < 300; );
        yield* until(() => agent.events.includes("gone"))
        expect(heard()).toBe(before + 4)
        expect(agent.events.slice(-2)).toEqual(["exit", "gone"])
        expect(agent.exit?.code).toBe(4)
      }),
    )

    live(
      "tells the exit of a busy thread at once, and that it is gone when it has stopped: at once where it is declared so",
      Effect.gen(function* () {
        const flags = Flags.make()
        const { until } = yield* Recorder.Recorder
        const { agent } = yield* started(Process.make(tasks.spin, [flags]))
        yield* Effect.promise(() => Flags.reached(flags, 0))
        agent.handle.end(-9)
        yield* until(() => agent.events.includes("exit"))
        const stops = capabilities.stopsBusyThread === true
        if (stops) yield* until(() => agent.events.includes("gone"))
        const before = Flags.get(flags, 1)
        // The time of a whole other thread: enough for a busy one to count on.
        yield* Effect.flatMap(started(Process.make(tasks.thread, [])), ({ process }) => Process.join(process))
        expect(Flags.get(flags, 1) > before).toBe(!stops)
        expect(agent.events.includes("gone")).toBe(stops)
        Flags.add(flags, 2)
        yield* until(() => agent.events.includes("gone"))
        expect(agent.exit?.code).toBe(-9)
      }),
    )

    live(
      "refuses a message that cannot be encoded at once",
      Effect.gen(function* () {
        const flags = Flags.make()
        const { agent } = yield* started(Process.make(tasks.wait, [flags], { daemon: true }))
        expect(() => agent.handle.post(() => {})).toThrow(/be cloned/)
      }),
    )

    const programs = [
      { way: "held", outlives: true, name: "hold keeps the program alive" },
      { way: "held twice", outlives: true, name: "one release of two holds keeps it alive" },
      { way: "released", outlives: false, name: "release lets the program end" },
      { way: "idle thread", outlives: false, name: "a thread that waits for work lets the program end" },
    ]
    for (const { name, outlives, way } of programs) {
      it.live(
        name,
        () =>
          Effect.gen(function* () {
            const ended = yield* run(new URL("./holdProgram.ts", import.meta.url), {
              args: [entry.href, way],
            })
            expect(ended).toMatchObject({
              code: 0,
              stdout: outlives ? "begin\nlater\n" : "begin\n",
              stderr: "",
              timedOut: false,
            })
          }),
        BOUND,
      )
    }
  })
}

/** The adapter of one runtime works there, and is refused on the others. */
export const ownRuntimeOnly = (runtime: "node" | "deno" | "bun", layer: Layer.Layer<Platform>): void => {
  const here = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node"
  describe(`the layer for ${runtime}`, () => {
    it.scopedLive(
      "names its runtime",
      () =>
        Effect.provide(
          Effect.map(Platform, (platform) => expect(platform.runtime).toBe(runtime)),
          layer,
        ),
      BOUND,
    )

    it.scopedLive(
      "starts processes there, and fails with StartFailed elsewhere",
      () =>
        Effect.gen(function* () {
          const process = yield* Process.make(tasks.thread, [])
          const start = yield* Effect.either(Process.start(process))
          if (here === runtime) {
            expect(start._tag).toBe("Right")
            expect(yield* yield* Process.result(process)).toBeGreaterThan(0)
          } else {
            expect(start).toMatchObject({ left: { _tag: "StartFailed", agent: process.name } })
            expect(String(yield* Effect.flip(start))).toContain(`this is not ${runtime}`)
          }
        }).pipe(Effect.provide(layer)),
      BOUND,
    )
  })
}
