/** Tests with several agents: one for each start method whose agents can be sent queues and connections. */
import * as Marks from "@multifiber/testkit/Marks"
import type * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Platform } from "multifiber/Platform"
import * as Process from "../src/Process.ts"
import { StartMethod } from "../src/StartMethod.ts"
import type { Task } from "../src/Task.ts"
import { pipeFibers } from "./fixtures/pipeFibers.ts"
import { pipes } from "./fixtures/pipes.ts"
import { queueFibers } from "./fixtures/queueFibers.ts"
import { queues } from "./fixtures/queues.ts"
import { live, within } from "./live.ts"

export type StartMethods = "thread" | "spawn" | "forkserver"

/** What runs on each of them. */
const ALL: ReadonlyArray<StartMethods> = ["thread", "spawn"]

/** A test on each of them, whose title says which. */
export const onEach = <A, E>(
  name: string,
  body: (startMethod: StartMethods) => Effect.Effect<A, E, Platform | Recorder.Recorder | Scope.Scope>,
  seconds = 60,
  startMethods = ALL,
): void => {
  for (const startMethod of startMethods) {
    live(
      `${name} [${startMethod}]`,
      () => Effect.provideService(within(seconds - 2)(body(startMethod)), StartMethod, startMethod),
      seconds,
    )
  }
}

/** The same with threads alone: for tests of what they share. */
export const onThreads: typeof onEach = (name, body, seconds) => onEach(name, body, seconds, ["thread"])

/** The same with a process from a reserve, too. */
export const onAll: typeof onEach = (name, body, seconds) =>
  onEach(name, body, seconds, ["thread", "spawn", "forkserver"])

/** Marks that are gone after the test. */
export const marksOfTest = Effect.acquireRelease(Effect.sync(Marks.make), (marks) =>
  Effect.sync(() => Marks.remove(marks)),
)

/** Waits until a task has set a mark. */
export const untilMarked = (marks: Marks.Marks, name: string): Effect.Effect<void> =>
  within(20)(Effect.promise(() => Marks.reached(marks, name)))

/** Plain code in a thread; fibers in an OS process, where nothing can block. */
export const tasksOn = (startMethod: StartMethods) =>
  startMethod === "thread" ? { ...queues, ...pipes } : { ...queueFibers, ...pipeFibers }

/** A child that runs. Its start is bounded, as the waits for it are. */
export const run = <Args extends ReadonlyArray<any>, A, E>(task: Task<Args, A, E>, args: Args) =>
  Effect.tap(Process.make(task, args), (child) => within(20)(Process.start(child)))

/** What a child returns, within a bound. */
export const resultOf = <A, E>(child: Process.Process<A, E>) =>
  Effect.flatten(within(20)(Process.result(child)))

/** Waits for its end, and gives its exit code. */
export const ended = (child: Process.Process<unknown, unknown>) =>
  Effect.zipRight(within(20)(Process.join(child)), Effect.flatten(Process.exitCode(child)))
