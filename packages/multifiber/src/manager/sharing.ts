/** Makes objects of this agent known to others, each with the methods of its kind. */
import { EACH_OF } from "../sync/iterating.ts"
import { Entry, entryOf, type Handle, type Methods } from "../sync/managed.ts"
import { Namespace, ofDict, ofList, ofNamespace, ofSet } from "./containers.ts"
import { Iteration, iterate } from "./Iteration.ts"

type Exposed = ReadonlyArray<string> | undefined

/** The handle of an object, which keeps it. */
export const share = (object: object, exposed?: Exposed): Handle =>
  entryOf(object, () => new Entry(object, methodsOf(object, exposed))).handle

const methodsOf = (object: object, exposed: Exposed): Methods => {
  if (object instanceof Map)
    return withIteration(ofDict, () => iterate(object.keys(), "dict", () => object.size))
  if (object instanceof Set) return withIteration(ofSet, () => iterate(object, "set", () => object.size))
  // By index, so that changes meanwhile are seen.
  if (Array.isArray(object)) return withIteration(ofList, () => iterate(object))
  if (object instanceof Iteration) return ofObject(["next", "end"])
  return object instanceof Namespace ? ofNamespace : ofObject(exposed)
}

const withIteration =
  (methods: Methods, begin: () => Iteration): Methods =>
  (name) =>
    name === "iterate" ? () => share(begin()) : methods(name)

/** The methods of any other object, also inherited ones: those named, or else all whose names do not begin with `_`. */
export const ofObject = (exposed: Exposed): Methods => {
  const names = exposed && new Set(exposed)
  const methodsBy: Methods = (name) => {
    if (name.startsWith(EACH_OF)) {
      const method = methodsBy(name.slice(EACH_OF.length))
      return method && ((self, ...args) => share(iterate(method(self, ...args) as Iterable<unknown>)))
    }
    if (names ? !names.has(name) : name.startsWith("_") || name in Object.prototype) return undefined
    return (self, ...args) => {
      const method: unknown = self[name]
      if (typeof method !== "function") throw new TypeError(`there is no method ${name}`)
      return method.apply(self, args)
    }
  }
  return methodsBy
}
