/**
 * A flag that agents set, clear and wait for: Python's `multiprocessing.Event`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/Event"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { TimedOut } from "./Errors.ts"
import { type Event, handles, localIn, makeSync, TypeId } from "./EventSync.ts"
import { type Actions, acting, type Hosted } from "./sync/acting.ts"
import { sidesIn } from "./sync/Handles.ts"
import { waitForSignal, waitForSignalWithin } from "./sync/signalling.ts"

export type { Event } from "./EventSync.ts"

const { sideOf } = handles

/**
 * What is known of an event.
 *
 * @category models
 * @since 0.3.0
 */
export interface Statistics {
  readonly isSet: boolean
  /** How often it was set while it was not, modulo 2^31. */
  readonly timesSet: number
  /** Fibers of this agent that wait. */
  readonly waitingFibers: number
}

/**
 * Tells whether a value is the handle of an event.
 *
 * @category guards
 * @since 0.3.0
 */
export const isEvent = (u: unknown): u is Event => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes an event that is not set.
 *
 * **Shape** – a handle to a few bytes of shared memory. It may be sent to any agent, at any depth of an argument or a
 * result, and in messages. An OS process uses it through the agent that has sent it: each operation is a message there and back,
 * plain code cannot use it there, and its death counts as that of any other agent. **Source** – Python's
 * `Event()`.
 *
 * @example
 * import { Effect, Fiber } from "effect"
 * import { Event } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const event = yield* Event.make
 *   const waiter = yield* Effect.fork(Effect.as(Event.wait(event), "it is set"))
 *   yield* Effect.yieldNow()
 *   yield* Event.set(event)
 *   return yield* Fiber.join(waiter)
 * })
 * console.log(await Effect.runPromise(program)) // => it is set
 *
 * @category constructors
 * @since 0.3.0
 */
export const make: Effect.Effect<Event> = Effect.sync(makeSync)

/**
 * Sets the event and wakes everybody who waits; nothing where it is set.
 *
 * @category combinators
 * @since 0.3.0
 */
export const set = (self: Event): Effect.Effect<void> => act(self, "set", [])

/**
 * Clears the event: from now on, who waits waits. Those who waited when it was set pass all the same.
 *
 * **Source** – Python's `Event.clear()`. There some of those who waited miss a `set` that a `clear` follows at once.
 *
 * @category combinators
 * @since 0.3.0
 */
export const clear = (self: Event): Effect.Effect<void> => act(self, "clear", [])

/**
 * Tells whether the event is set. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isSet = (self: Event): Effect.Effect<boolean> => act(self, "isSet", [])

/**
 * What is known of the event. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const statistics = (self: Event): Effect.Effect<Statistics> => act(self, "seen", [])

const actions = {
  set: ({ memory }) => Kernel.set(memory),
  clear: ({ memory }) => Kernel.clear(memory),
  isSet: ({ memory }) => Kernel.isSet(memory),
  hasCome: (local) => local.hasCome(),
  seen: ({ memory, waitingFibers }): Statistics => ({
    isSet: Kernel.isSet(memory),
    timesSet: Kernel.timesSet(memory),
    waitingFibers,
  }),
} satisfies Actions<ReturnType<typeof localIn>>

const act = acting(sideOf, actions)

/**
 * What an agent does to events for others.
 *
 * @internal
 */
export const hosted: Hosted = {
  typeId: TypeId,
  sideFor: sidesIn(TypeId, localIn),
  actions,
  effects: { wait: (local: ReturnType<typeof localIn>) => waitForSignal(() => local) },
}

/**
 * Waits until the event is set.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – everybody who waits passes.
 * **Interruption** – ends the waiting. **Source** – Python's `Event.wait()`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const wait = (self: Event): Effect.Effect<void> => waitForSignal(() => sideOf(self))

/**
 * Waits until the event is set, at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero looks once. **Errors** – `TimedOut`; else as `wait`. **Source** – Python's
 * `Event.wait(timeout)`, which returns `False`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitWithin: {
  (timeout: Duration.DurationInput): (self: Event) => Effect.Effect<void, TimedOut>
  (self: Event, timeout: Duration.DurationInput): Effect.Effect<void, TimedOut>
} = dual(2, (self: Event, timeout: Duration.DurationInput) =>
  waitForSignalWithin(() => sideOf(self), timeout, "Event.waitWithin"),
)
