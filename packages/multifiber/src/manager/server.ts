/** What runs in the agent of a manager: it does what the starter asks for, for itself and for others. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Agent from "../Agent.ts"
import * as SharedArray from "../Array.ts"
import { Batch, packOutcomes, refused } from "../agent/Batch.ts"
import * as Calls from "../agent/Calls.ts"
import * as Delivery from "../agent/Delivery.ts"
import * as Membership from "../agent/Membership.ts"
import { Serving } from "../agent/Serving.ts"
import * as Barrier from "../Barrier.ts"
import * as BoundedSemaphore from "../BoundedSemaphore.ts"
import * as Condition from "../Condition.ts"
import type { TaskError } from "../Errors.ts"
import * as Event from "../Event.ts"
import * as JoinableQueue from "../JoinableQueue.ts"
import * as Lock from "../Lock.ts"
import * as Queue from "../Queue.ts"
import * as RLock from "../RLock.ts"
import * as Semaphore from "../Semaphore.ts"
import * as SimpleQueue from "../SimpleQueue.ts"
import { countLeased, Entry } from "../sync/managed.ts"
import * as Task from "../Task.ts"
import * as Value from "../Value.ts"
import type { Outcome, TaskName } from "../wire/Protocol.ts"
import { dictOf, Namespace, setOf } from "./containers.ts"
import * as pools from "./pools.ts"
import * as registered from "./registered.ts"
import { share } from "./sharing.ts"

/** The id of what a manager has to begin with. */
export const ROOT = "root"

/** The id of what the starter alone has, to end it. */
export const END = "end"

/** What a manager is to be. */
export interface Config {
  /** What begins the ids that the starter has for what this manager has. */
  readonly route: string
  readonly register: ReadonlyArray<TaskName>
  readonly initializer: { readonly task: TaskName; readonly args: ReadonlyArray<unknown> } | undefined
}

type Make = (...args: any) => Effect.Effect<object, unknown>

const CONTAINERS: Readonly<Record<string, (...args: any) => object>> = {
  dict: dictOf,
  list: (values: ReadonlyArray<unknown>) => [...values],
  set: setOf,
  namespace: (fields: object) => new Namespace(fields),
}

const PRIMITIVES: Readonly<Record<string, Make>> = {
  Lock: () => Lock.make,
  RLock: () => RLock.make,
  Semaphore: Semaphore.make,
  BoundedSemaphore: BoundedSemaphore.make,
  Event: () => Event.make,
  Condition: () => Condition.make,
  Barrier: Barrier.make,
  Queue: Queue.make,
  SimpleQueue: SimpleQueue.make,
  JoinableQueue: JoinableQueue.make,
  Value: Value.make,
  Array: SharedArray.make,
}

const isHandle = (value: object): boolean => Object.keys(value).some((key) => key.startsWith("~multifiber/"))

const rootOf = (
  runs: registered.Runs,
  makePool: (asked: pools.Asked) => Effect.Effect<pools.Made>,
): Entry => {
  const methods: Record<string, (...args: any) => unknown> = {
    create: (name: string, args: ReadonlyArray<unknown>) =>
      Effect.map(runs.run(registered.taskBy(name), args), (made) =>
        typeof made === "object" && made !== null && !isHandle(made) ? share(made) : made,
      ),
    Pool: makePool,
    size: countLeased,
    ready: () => {},
  }
  for (const [name, make] of Object.entries(CONTAINERS)) methods[name] = (...args) => share(make(...args))
  Object.assign(methods, PRIMITIVES)
  const table = (name: string) => {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    return method && ((_: unknown, ...args: ReadonlyArray<unknown>) => method(...args))
  }
  return new Entry({}, table)
}

/** Serves the starter; returns what ends that. */
const serveStarter = (route: string, root: Entry, stop: () => void): (() => void) => {
  const agent = Agent.state()
  const receiver = agent.askStarter === undefined ? undefined : Membership.starter()
  const batch = new Batch<Outcome>(
    (outcomes) => {
      Delivery.deliver(receiver, serving.leases, () => line?.post(packOutcomes(outcomes)))
      queueMicrotask(lookForMore)
    },
    (id, outcome, cause) => batch.add(id, refused(outcome, cause), []),
  )
  // Who has an answer to all that it asked for may ask again.
  const lookForMore = () => {
    if (serving.size === 0) line?.look()
  }
  const serving = new Serving((id, outcome) =>
    batch.add(id, outcome, outcome.is === "done" ? [outcome.value] : []),
  )
  const lease = (id: string, { handle }: Entry) =>
    serving.leases.set(id, {
      handle,
      isRemote: false,
      times: Number.POSITIVE_INFINITY,
      release: () => {},
    })
  lease(ROOT, root)
  lease(END, new Entry({}, () => stop))
  serving.own = Calls.idBy(route, "")
  const line = agent.serveStarter?.((message) => serving.receive(message))
  return () => {
    serving.end()
    batch.flush()
  }
}

const run = (config: Config): Effect.Effect<void, TaskError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const runs = new registered.Runs(yield* Effect.scope)
      yield* Effect.forEach(config.register, registered.register, { discard: true })
      const { initializer } = config
      if (initializer !== undefined) {
        const task = yield* registered.find(initializer.task)
        yield* Effect.orDie(runs.run(task, initializer.args))
      }
      const stopped = yield* Deferred.make<void>()
      const root = rootOf(runs, yield* pools.making(yield* Effect.scope))
      const stop = () => Deferred.unsafeDone(stopped, Effect.void)
      yield* Effect.acquireRelease(
        Effect.sync(() => serveStarter(config.route, root, stop)),
        (end) => Effect.sync(end),
      )
      yield* Deferred.await(stopped)
    }),
  )

export const { server } = Task.module(import.meta.url, { server: run })
