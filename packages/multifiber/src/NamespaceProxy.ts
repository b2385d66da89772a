/**
 * Namespaces of a manager: fields that many agents use. Python's `multiprocessing.managers.NamespaceProxy`.
 *
 * Each function is one step; `BaseProxy.modify` makes one of several. Of all: **waiting** – suspends the fiber until the answer is
 * there; **interruption** – before that, the step may have been done; **errors** – `ProxyError`.
 *
 * @since 0.9.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as BaseProxy from "./BaseProxy.ts"
import type { MissingKey } from "./Errors.ts"
import { invoking } from "./sync/invoking.ts"

/**
 * The proxy of a namespace with these fields: `Manager.namespace` makes one.
 *
 * @category models
 * @since 0.9.0
 */
export interface NamespaceProxy<in out T extends object>
  extends BaseProxy.BaseProxy<Map<keyof T & string, T[keyof T]>> {
  readonly _Fields?: T
}

/** What has these fields. */
type Having<K extends string> = { readonly [P in K]?: unknown }

const invoke = invoking()
const invokeKeyed = invoking("MissingKey")

/**
 * A field. **Errors** – `MissingKey` where it was removed. **Source** – Python's `ns.x`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const get: {
  <K extends string>(
    key: K,
  ): <T extends Having<K>>(self: NamespaceProxy<T>) => Effect.Effect<T[K], BaseProxy.ProxyError | MissingKey>
  <T extends object, K extends keyof T & string>(
    self: NamespaceProxy<T>,
    key: K,
  ): Effect.Effect<T[K], BaseProxy.ProxyError | MissingKey>
} = dual(2, <T extends object, K extends keyof T & string>(self: NamespaceProxy<T>, key: K) =>
  invokeKeyed<T[K]>(self, "get", [key]),
)

/**
 * Sets a field. **Source** – Python's `ns.x = value`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const set: {
  <T extends object, K extends keyof T & string>(
    key: K,
    value: T[K],
  ): (self: NamespaceProxy<T>) => Effect.Effect<void, BaseProxy.ProxyError>
  // Where the context, such as `pipe`, does not know the namespace.
  <K extends string, V>(
    key: K,
    value: V,
  ): <T extends Having<K>>(
    self: [V] extends [T[K]] ? NamespaceProxy<T> : never,
  ) => Effect.Effect<void, BaseProxy.ProxyError>
  <T extends object, K extends keyof T & string>(
    self: NamespaceProxy<T>,
    key: K,
    value: T[K],
  ): Effect.Effect<void, BaseProxy.ProxyError>
} = dual(3, <T extends object, K extends keyof T & string>(self: NamespaceProxy<T>, key: K, value: T[K]) =>
  invoke<void>(self, "set", [key, value]),
)

/**
 * Removes a field. **Errors** – `MissingKey`. **Source** – Python's `del ns.x`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const remove: {
  <K extends string>(
    key: K,
  ): <T extends Having<K>>(self: NamespaceProxy<T>) => Effect.Effect<void, BaseProxy.ProxyError | MissingKey>
  <T extends object>(
    self: NamespaceProxy<T>,
    key: keyof T & string,
  ): Effect.Effect<void, BaseProxy.ProxyError | MissingKey>
} = dual(2, <T extends object>(self: NamespaceProxy<T>, key: keyof T & string) =>
  invokeKeyed<void>(self, "remove", [key]),
)

/**
 * Whether there is a field. **Source** – Python's `hasattr`.
 *
 * @category combinators
 * @since 0.9.0
 */
export const has: {
  <K extends string>(
    key: K,
  ): <T extends Having<K>>(self: NamespaceProxy<T>) => Effect.Effect<boolean, BaseProxy.ProxyError>
  <T extends object>(
    self: NamespaceProxy<T>,
    key: keyof T & string,
  ): Effect.Effect<boolean, BaseProxy.ProxyError>
} = dual(2, <T extends object>(self: NamespaceProxy<T>, key: keyof T & string) =>
  invoke<boolean>(self, "has", [key]),
)

/**
 * Its fields, as an object of this agent.
 *
 * @category combinators
 * @since 0.9.0
 */
export const copy = <T extends object>(
  self: NamespaceProxy<T>,
): Effect.Effect<Partial<T>, BaseProxy.ProxyError> => invoke(self, "copy", [])

/**
 * Its fields as a text, by their names, without those whose names begin with `_`: `Namespace(x=1, y="two")`.
 *
 * **Source** – Python's `str(ns)`; there, names that begin with `_` belong to the proxy, and are not shared at all.
 *
 * @category combinators
 * @since 0.9.0
 */
export const toText = <T extends object>(
  self: NamespaceProxy<T>,
): Effect.Effect<string, BaseProxy.ProxyError> =>
  Effect.map(copy(self), (fields) => {
    const shown = Object.entries(fields)
      .filter(([key]) => !key.startsWith("_"))
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
    return `Namespace(${shown.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(", ")})`
  })
