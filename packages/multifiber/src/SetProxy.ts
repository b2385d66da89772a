/**
 * Sets of a manager, that many agents use. Python's `multiprocessing.managers.SetProxy`, of 3.14.
 *
 * Each function is one step; `BaseProxy.modify` makes one of several. Of all: **waiting** – suspends the fiber until the answer is
 * there; **interruption** – before that, the step may have been done; **errors** – `ProxyError`.
 *
 * @since 0.9.0
 */
import type * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Stream from "effect/Stream"
import type * as BaseProxy from "./BaseProxy.ts"
import type { ConcurrentModification, InvalidArgument, MissingKey } from "./Errors.ts"
import { invoking } from "./sync/invoking.ts"
import { iterate } from "./sync/iterating.ts"

/**
 * The proxy of a set of primitive values, in the order in which they came: `Manager.set` makes one.
 *
 * @category models
 * @since 0.9.0
 */
export interface SetProxy<in out A> extends BaseProxy.BaseProxy<Set<A>> {}

const invoke = invoking()
const invokeKeyed = invoking("MissingKey")
const invokeChecked = invoking("InvalidArgument")

/**
 * Adds a value. **Errors** – `InvalidArgument` for one that is not primitive.
 *
 * @category combinators
 * @since 0.9.0
 */
export const add: {
  // `A` is that of the set where the context knows it, as in `pipe`; else that of the argument. So for all below.
  <A1 extends A, A = A1>(
    value: A1,
  ): (self: SetProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
  <A>(self: SetProxy<A>, value: A): Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
} = dual(2, <A>(self: SetProxy<A>, value: A) => invokeChecked<void>(self, "add", [value]))

/**
 * Whether it has a value. **Source** – Python's `value in s`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const has: {
  <A1 extends A, A = A1>(value: A1): (self: SetProxy<A>) => Effect.Effect<boolean, BaseProxy.ProxyError>
  <A>(self: SetProxy<A>, value: A): Effect.Effect<boolean, BaseProxy.ProxyError>
} = dual(2, <A>(self: SetProxy<A>, value: A) => invoke<boolean>(self, "has", [value]))

/**
 * Removes a value. **Errors** – `MissingKey`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const remove: {
  <A1 extends A, A = A1>(
    value: A1,
  ): (self: SetProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError | MissingKey>
  <A>(self: SetProxy<A>, value: A): Effect.Effect<void, BaseProxy.ProxyError | MissingKey>
} = dual(2, <A>(self: SetProxy<A>, value: A) => invokeKeyed<void>(self, "remove", [value]))

/**
 * Removes a value where it is there; tells whether it was.
 *
 * @category combinators
 * @since 0.9.0
 */
export const discard: {
  <A1 extends A, A = A1>(value: A1): (self: SetProxy<A>) => Effect.Effect<boolean, BaseProxy.ProxyError>
  <A>(self: SetProxy<A>, value: A): Effect.Effect<boolean, BaseProxy.ProxyError>
} = dual(2, <A>(self: SetProxy<A>, value: A) => invoke<boolean>(self, "discard", [value]))

/**
 * Removes a value, the one that came first, and returns it. **Errors** – `MissingKey` where there is none.
 *
 * @category combinators
 * @since 0.9.0
 */
export const pop = <A>(self: SetProxy<A>): Effect.Effect<A, BaseProxy.ProxyError | MissingKey> =>
  invokeKeyed(self, "pop", [])

/**
 * Adds several values, all or none. **Errors** – as `add`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const update: {
  <A1 extends A, A = A1>(
    values: Iterable<A1>,
  ): (self: SetProxy<A>) => Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
  <A>(self: SetProxy<A>, values: Iterable<A>): Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
} = dual(2, <A>(self: SetProxy<A>, values: Iterable<A>) => invokeChecked<void>(self, "update", [[...values]]))

/**
 * Removes all values.
 *
 * @category combinators
 * @since 0.9.0
 */
export const clear = <A>(self: SetProxy<A>): Effect.Effect<void, BaseProxy.ProxyError> =>
  invoke(self, "clear", [])

/**
 * What is in it, as a set of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const copy = <A>(self: SetProxy<A>): Effect.Effect<Set<A>, BaseProxy.ProxyError> =>
  invoke(self, "copy", [])

/**
 * How many values there are.
 *
 * @category combinators
 * @since 0.9.0
 */
export const size = <A>(self: SetProxy<A>): Effect.Effect<number, BaseProxy.ProxyError> =>
  invoke(self, "size", [])

/**
 * Its values and those, as a set of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const union: {
  <A1 extends A, A = A1>(
    values: Iterable<A1>,
  ): (self: SetProxy<A>) => Effect.Effect<Set<A>, BaseProxy.ProxyError>
  <A>(self: SetProxy<A>, values: Iterable<A>): Effect.Effect<Set<A>, BaseProxy.ProxyError>
} = dual(2, <A>(self: SetProxy<A>, values: Iterable<A>) => invoke<Set<A>>(self, "union", [[...values]]))

/**
 * Those that are in both, as a set of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const intersection: {
  <A1 extends A, A = A1>(
    values: Iterable<A1>,
  ): (self: SetProxy<A>) => Effect.Effect<Set<A>, BaseProxy.ProxyError>
  <A>(self: SetProxy<A>, values: Iterable<A>): Effect.Effect<Set<A>, BaseProxy.ProxyError>
} = dual(2, <A>(self: SetProxy<A>, values: Iterable<A>) =>
  invoke<Set<A>>(self, "intersection", [[...values]]),
)

/**
 * Its values without those, as a set of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const difference: {
  <A1 extends A, A = A1>(
    values: Iterable<A1>,
  ): (self: SetProxy<A>) => Effect.Effect<Set<A>, BaseProxy.ProxyError>
  <A>(self: SetProxy<A>, values: Iterable<A>): Effect.Effect<Set<A>, BaseProxy.ProxyError>
} = dual(2, <A>(self: SetProxy<A>, values: Iterable<A>) => invoke<Set<A>>(self, "difference", [[...values]]))

/**
 * Those that are in one of them only, as a set of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const symmetricDifference: {
  <A1 extends A, A = A1>(
    values: Iterable<A1>,
  ): (self: SetProxy<A>) => Effect.Effect<Set<A>, BaseProxy.ProxyError>
  <A>(self: SetProxy<A>, values: Iterable<A>): Effect.Effect<Set<A>, BaseProxy.ProxyError>
} = dual(2, <A>(self: SetProxy<A>, values: Iterable<A>) =>
  invoke<Set<A>>(self, "symmetricDifference", [[...values]]),
)

/**
 * Goes through the values as they are there, 256 at a time. **Errors** – `ConcurrentModification` once the set has another size than
 * in the beginning.
 *
 * @category combinators
 * @since 0.9.0
 */
export const stream = <A>(
  self: SetProxy<A>,
): Stream.Stream<A, BaseProxy.ProxyError | ConcurrentModification> => iterate(invoke(self, "iterate", []))
