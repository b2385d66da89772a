/** What a pool and its calls were asked for, checked. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type * as Agent from "../Agent.ts"
import { callOf, ORDINARY, type Terms } from "../agent/Call.ts"
import { Job } from "../agent/Job.ts"
import type { Logs } from "../agent/Logs.ts"
import { InvalidArgument } from "../Errors.ts"
import type { PlatformService } from "../Platform.ts"
import type { CallOptions, Options } from "../Pool.ts"
import { isTask } from "../Task.ts"
import type { DispatcherOptions } from "./Dispatcher.ts"
import { Recorder } from "./Recorder.ts"
import type { Limits } from "./Worker.ts"

const invalid = (argument: string, value: unknown, expected: string): Effect.Effect<never, InvalidArgument> =>
  Effect.fail(new InvalidArgument({ argument, value, expected }))

/** A whole number, at least `least`. */
export const count = (argument: string, value: number, least = 1): Effect.Effect<number, InvalidArgument> =>
  Number.isSafeInteger(value) && value >= least
    ? Effect.succeed(value)
    : invalid(argument, value, `a whole number of at least ${least}`)

/** The same, or without a bound. */
export const bound = (argument: string, value: number | undefined): Effect.Effect<number, InvalidArgument> =>
  value === undefined ? Effect.succeed(Number.POSITIVE_INFINITY) : count(argument, value)

/** What a timer can take. */
const LONGEST = 2 ** 31 - 1

/** Milliseconds of a duration above zero; 24 days stand for whatever is longer. */
export const milliseconds = (
  argument: string,
  value: Duration.DurationInput,
): Effect.Effect<number, InvalidArgument> => {
  const millis = Duration.toMillis(Duration.decode(value))
  return millis > 0
    ? Effect.succeed(Math.min(millis, LONGEST))
    : invalid(argument, value, "a duration above zero")
}

/** The terms of a call, or what is wrong with its options. */
export const termsOf = (
  { key, priority = 0, retry, timeout, transfer }: CallOptions,
  places: number,
): Effect.Effect<Terms, InvalidArgument> => {
  if (!Number.isFinite(priority)) return invalid("priority", priority, "a finite number")
  if (retry !== undefined && transfer !== undefined) {
    return invalid("transfer", transfer, "none where the task may be tried again")
  }
  return Effect.map(
    timeout === undefined ? Effect.succeed(undefined) : milliseconds("timeout", timeout),
    (timeout): Terms => ({
      ...ORDINARY,
      priority,
      ...(timeout === undefined ? {} : { timeout }),
      ...(key === undefined ? {} : { place: placeOf(key, places) }),
      ...(retry === undefined ? {} : { retry: retrying(retry) }),
      ...(transfer === undefined ? {} : { transfer }),
    }),
  )
}

/** The same for the same key: FNV-1a, after Fowler, Noll and Vo. */
const placeOf = (key: string | number, places: number): number => {
  let hash = 0x811c9dc5
  for (const character of String(key))
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193)
  return (hash >>> 0) % places
}

type Driver = Schedule.ScheduleDriver<unknown, unknown>

/** Each job has the schedule to itself. */
const retrying = (schedule: Schedule.Schedule<unknown, any>): NonNullable<Terms["retry"]> => {
  const drivers = new WeakMap<Job, Driver>()
  return (job, error, decide) => {
    const driver = drivers.get(job) ?? Effect.runSync(Schedule.driver(schedule))
    drivers.set(job, driver)
    return Effect.runCallback(driver.next(error), { onExit: (exit) => decide(Exit.isSuccess(exit)) })
  }
}

/** What a pool is made with, besides its platform, or what is wrong with that. */
export const settingsOf = (
  options: Options,
  { cores }: PlatformService,
  startMethod: Agent.StartMethod,
  logs: Logs,
): Effect.Effect<DispatcherOptions, InvalidArgument> =>
  Effect.gen(function* () {
    const size = yield* count("size", options.size ?? cores)
    const minSize = yield* count("minSize", options.minSize ?? size, 0)
    if (minSize > size) return yield* invalid("minSize", minSize, "at most `size`")
    return {
      size,
      minSize,
      startMethod,
      grace: yield* milliseconds("grace", options.grace ?? Duration.seconds(1)),
      idleTimeout: yield* milliseconds("idleTimeout", options.idleTimeout ?? Duration.seconds(10)),
      initializer: yield* initializerOf(options),
      limits: yield* limitsOf(options, startMethod),
      recorder: recorderOf(options),
      capacity: yield* bound("capacity", options.capacity),
      logs: options.logging === false ? undefined : logs,
    }
  })

const limitsOf = (
  { maxAge, maxHeap, maxRss, maxTasksPerChild }: Options,
  startMethod: Agent.StartMethod,
): Effect.Effect<Limits, InvalidArgument> =>
  maxRss !== undefined && startMethod === "thread"
    ? invalid("maxRss", maxRss, "OS processes: `spawn`")
    : Effect.all({
        tasks: bound("maxTasksPerChild", maxTasksPerChild),
        age: maxAge === undefined ? Effect.succeed(Number.POSITIVE_INFINITY) : milliseconds("maxAge", maxAge),
        heap: bound("maxHeap", maxHeap),
        rss: bound("maxRss", maxRss),
      })

const recorderOf = ({ metrics = false, tracing = false }: Options): Recorder | undefined =>
  metrics || tracing ? new Recorder({ metrics, trace: tracing }) : undefined

const INITIAL: Terms = { ...ORDINARY, isInitial: true }

/** Makes the first job of a worker. */
const initializerOf = ({
  initargs = [],
  initializer: task,
}: Options): Effect.Effect<(() => Job) | undefined, InvalidArgument> => {
  if (task === undefined) return Effect.succeed(undefined)
  return isTask(task)
    ? Effect.succeed(() => Job.one(callOf(task, initargs.length, INITIAL), initargs))
    : invalid("initializer", task, "a task")
}
