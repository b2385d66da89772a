/** The tasks that may be run in this agent for others, where it is a manager: by their names, since nobody can send code. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import type { TaskError } from "../Errors.ts"
import { plainError } from "../sync/plainErrors.ts"
import { decodeFailure } from "../wire/Failure.ts"
import type { TaskName } from "../wire/Protocol.ts"
import { isPromise } from "../worker/Call.ts"
import { type Defined, load } from "../worker/Loader.ts"

const tasks = new Map<string, Defined>()

/** Finds a task, to be run now. */
export const find = (name: TaskName): Effect.Effect<Defined, TaskError> =>
  Effect.flatMap(
    Effect.promise(() => load(name)),
    (loaded) => {
      if ("kind" in loaded) {
        const task = { name: name.name, url: name.url } as Defined
        return Effect.fail(decodeFailure(task, loaded, "") as TaskError)
      }
      return Effect.succeed(loaded)
    },
  )

/** Finds a task, to be run when others call its name. */
export const register = (name: TaskName): Effect.Effect<void, TaskError> =>
  Effect.map(find(name), (task) => void tasks.set(task.name, task))

/** Those that are registered. */
export const taskIfAny = (name: string): Defined | undefined => tasks.get(name)

/** Throws `NotFound`. */
export const taskBy = (name: string): Defined => {
  const task = taskIfAny(name)
  if (task === undefined) throw plainError("NotFound", { kind: "registered task", id: name })
  return task
}

export const decoded = ({ codec }: Defined, args: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  codec ? codec.decodeArgs(args) : args

/** Calls a task with an object before its other arguments, in one step. */
export const runAtOnce = (self: object, [name, ...args]: ReadonlyArray<unknown>): unknown => {
  const result = taskBy(name as string).run(self, ...args)
  if (!isPromise(result) && !Effect.isEffect(result)) return result
  throw plainError("InvalidArgument", {
    argument: "task",
    value: name,
    expected: "a plain function: one step",
  })
}

/** Does something once, when it is first asked for, in a fiber of the scope: who withdraws does not withdraw it from others. */
export const once = <A, E>(
  self: Effect.Effect<A, E>,
  scope: Scope.Scope,
): Effect.Effect<Effect.Effect<A, E>> =>
  Effect.map(
    Effect.cached(Effect.uninterruptible(Effect.forkIn(Effect.interruptible(self), scope))),
    Effect.flatMap(Fiber.join),
  )

/** Calls tasks, whose Effects have the services of their modules, and a scope that ends with the manager. */
export class Runs {
  private readonly scope: Scope.Scope
  private readonly runtimes = new Map<string, Effect.Effect<Runtime.Runtime<any>, unknown>>()

  constructor(scope: Scope.Scope) {
    this.scope = scope
  }

  run(task: Defined, args: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown> {
    return Effect.suspend(() => {
      const result = task.run(...decoded(task, args))
      if (Effect.isEffect(result)) return this.provided(task, result as Effect.Effect<unknown, unknown, any>)
      return Effect.tryPromise({ try: async () => result, catch: (thrown) => thrown })
    })
  }

  private provided(
    { layer, url }: Defined,
    effect: Effect.Effect<unknown, unknown, any>,
  ): Effect.Effect<unknown, unknown> {
    const scoped = Effect.provideService(effect, Scope.Scope, this.scope)
    if (layer === undefined) return scoped as Effect.Effect<unknown, unknown>
    const built =
      this.runtimes.get(url) ??
      Effect.runSync(once(Scope.extend(Layer.toRuntime(layer), this.scope), this.scope))
    this.runtimes.set(url, built)
    return Effect.flatMap(built, (runtime) => Effect.provide(scoped, runtime)) as Effect.Effect<
      unknown,
      unknown
    >
  }
}
