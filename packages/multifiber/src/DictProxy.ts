/**
 * Dicts of a manager: maps that many agents use. Python's `multiprocessing.managers.DictProxy`.
 *
 * Each function is one step; `BaseProxy.modify` makes one of several. Of all: **waiting** – suspends the fiber until the answer is
 * there; **interruption** – before that, the step may have been done; **errors** – `ProxyError`.
 *
 * @since 0.9.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type * as BaseProxy from "./BaseProxy.ts"
import type { ConcurrentModification, InvalidArgument, MissingKey } from "./Errors.ts"
import { invoking } from "./sync/invoking.ts"
import { iterate } from "./sync/iterating.ts"

/**
 * The proxy of a dict: `Manager.dict` makes one. Its keys are primitive values; they keep the order in which they came. A value
 * is a copy: changing it does not change the dict, setting it does. Handles and proxies among the values stay what they are.
 *
 * @category models
 * @since 0.9.0
 */
export interface DictProxy<in out K, in out V> extends BaseProxy.BaseProxy<Map<K, V>> {}

const invoke = invoking()
const invokeKeyed = invoking("MissingKey")
const invokeChecked = invoking("InvalidArgument")

/**
 * The value of a key, if there is one. **Source** – Python's `get`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const get: {
  // `K` is that of the dict where the context knows it, as in `pipe`; else that of the argument. So for all below.
  <K1 extends K, K = K1>(
    key: K1,
  ): <V>(self: DictProxy<K, V>) => Effect.Effect<Option.Option<V>, BaseProxy.ProxyError>
  <K, V>(self: DictProxy<K, V>, key: K): Effect.Effect<Option.Option<V>, BaseProxy.ProxyError>
} = dual(2, <K, V>(self: DictProxy<K, V>, key: K) =>
  Effect.map(invoke<ReadonlyArray<V>>(self, "get", [key]), (found) =>
    found.length === 0 ? Option.none() : Option.some(found[0] as V),
  ),
)

/**
 * Sets the value of a key. **Errors** – `InvalidArgument` for a key that is no primitive value.
 *
 * @category combinators
 * @since 0.9.0
 */
export const set: {
  <K1 extends K, V1 extends V, K = K1, V = V1>(
    key: K1,
    value: V1,
  ): (self: DictProxy<K, V>) => Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
  <K, V>(self: DictProxy<K, V>, key: K, value: V): Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
} = dual(3, <K, V>(self: DictProxy<K, V>, key: K, value: V) => invokeChecked<void>(self, "set", [key, value]))

/**
 * Whether there is a key. **Source** – Python's `key in d`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const has: {
  <K1 extends K, K = K1>(key: K1): <V>(self: DictProxy<K, V>) => Effect.Effect<boolean, BaseProxy.ProxyError>
  <K, V>(self: DictProxy<K, V>, key: K): Effect.Effect<boolean, BaseProxy.ProxyError>
} = dual(2, <K, V>(self: DictProxy<K, V>, key: K) => invoke<boolean>(self, "has", [key]))

/**
 * The value of a key, which is set where there is none. **Errors** – as `set`. **Source** – Python's `setdefault`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const setDefault: {
  <K1 extends K, V1 extends V, K = K1, V = V1>(
    key: K1,
    value: V1,
  ): (self: DictProxy<K, V>) => Effect.Effect<V, BaseProxy.ProxyError | InvalidArgument>
  <K, V>(self: DictProxy<K, V>, key: K, value: V): Effect.Effect<V, BaseProxy.ProxyError | InvalidArgument>
} = dual(3, <K, V>(self: DictProxy<K, V>, key: K, value: V) =>
  invokeChecked<V>(self, "setDefault", [key, value]),
)

/**
 * Removes a key. **Errors** – `MissingKey`. **Source** – Python's `del d[key]`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const remove: {
  <K1 extends K, K = K1>(
    key: K1,
  ): <V>(self: DictProxy<K, V>) => Effect.Effect<void, BaseProxy.ProxyError | MissingKey>
  <K, V>(self: DictProxy<K, V>, key: K): Effect.Effect<void, BaseProxy.ProxyError | MissingKey>
} = dual(2, <K, V>(self: DictProxy<K, V>, key: K) => invokeKeyed<void>(self, "remove", [key]))

/**
 * Removes a key and returns its value. **Errors** – `MissingKey`. **Source** – Python's `pop`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const pop: {
  <K1 extends K, K = K1>(
    key: K1,
  ): <V>(self: DictProxy<K, V>) => Effect.Effect<V, BaseProxy.ProxyError | MissingKey>
  <K, V>(self: DictProxy<K, V>, key: K): Effect.Effect<V, BaseProxy.ProxyError | MissingKey>
} = dual(2, <K, V>(self: DictProxy<K, V>, key: K) => invokeKeyed<V>(self, "pop", [key]))

/**
 * Removes the key that came last, and returns it with its value. **Errors** – `MissingKey` where there is none. **Source** –
 * Python's `popitem`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const popItem = <K, V>(
  self: DictProxy<K, V>,
): Effect.Effect<readonly [K, V], BaseProxy.ProxyError | MissingKey> => invokeKeyed(self, "popItem", [])

/**
 * Sets the values of several keys, all or none. **Errors** – as `set`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const update: {
  <K1 extends K, V1 extends V, K = K1, V = V1>(
    items: Iterable<readonly [K1, V1]>,
  ): (self: DictProxy<K, V>) => Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
  <K, V>(
    self: DictProxy<K, V>,
    items: Iterable<readonly [K, V]>,
  ): Effect.Effect<void, BaseProxy.ProxyError | InvalidArgument>
} = dual(2, <K, V>(self: DictProxy<K, V>, items: Iterable<readonly [K, V]>) =>
  invokeChecked<void>(self, "update", [[...items]]),
)

/**
 * Removes all keys.
 *
 * @category combinators
 * @since 0.9.0
 */
export const clear = <K, V>(self: DictProxy<K, V>): Effect.Effect<void, BaseProxy.ProxyError> =>
  invoke(self, "clear", [])

/**
 * What is in it, as a map of this agent. **Source** – Python's `copy`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const copy = <K, V>(self: DictProxy<K, V>): Effect.Effect<Map<K, V>, BaseProxy.ProxyError> =>
  invoke(self, "copy", [])

/**
 * Its keys, in their order.
 *
 * @category combinators
 * @since 0.9.0
 */
export const keys = <K, V>(self: DictProxy<K, V>): Effect.Effect<ReadonlyArray<K>, BaseProxy.ProxyError> =>
  invoke(self, "keys", [])

/**
 * Its values, in the order of the keys.
 *
 * @category combinators
 * @since 0.9.0
 */
export const values = <K, V>(self: DictProxy<K, V>): Effect.Effect<ReadonlyArray<V>, BaseProxy.ProxyError> =>
  invoke(self, "values", [])

/**
 * Its keys with their values.
 *
 * @category combinators
 * @since 0.9.0
 */
export const items = <K, V>(
  self: DictProxy<K, V>,
): Effect.Effect<ReadonlyArray<readonly [K, V]>, BaseProxy.ProxyError> => invoke(self, "items", [])

/**
 * How many keys there are. **Source** – Python's `len(d)`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const size = <K, V>(self: DictProxy<K, V>): Effect.Effect<number, BaseProxy.ProxyError> =>
  invoke(self, "size", [])

/**
 * Goes through the keys as they are there, 256 at a time. **Errors** – `ConcurrentModification` once the dict has another size than
 * in the beginning. **Source** – Python's `iter(d)`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const stream = <K, V>(
  self: DictProxy<K, V>,
): Stream.Stream<K, BaseProxy.ProxyError | ConcurrentModification> => iterate(invoke(self, "iterate", []))
