/**
 * From the handle of a shared primitive to what this agent keeps of it. A handle is plain data, so that it travels by
 * structured clone; each copy of it finds the same one here.
 */
import { attach, type Memory } from "@multifiber/kernel/Memory"
import * as Membership from "../agent/Membership.ts"
import { plainError } from "./plainErrors.ts"

const LOCAL = Symbol("multifiber/local")

/** From a handle to what this agent keeps of it. */
export interface Lookup<Handle, Local> {
  (handle: Handle): Local
  /** The agent keeps something of it already. */
  readonly isKnown: (handle: Handle) => boolean
}

type HandleOf<Id extends string, Inner> = { readonly [K in Id]: Inner }

/**
 * Makes the lookup for one kind of handle; it throws `InvalidArgument` for any other. `adopt` is called with each copy of a handle
 * that is used first.
 */
export const makeHandles = <
  Id extends string,
  Handle extends HandleOf<Id, { readonly id: string }>,
  Local extends object,
>(
  typeId: Id,
  make: (handle: Handle, user: Membership.User) => Local,
  adopt: (handle: Handle, local: Local) => void = () => {},
): Lookup<Handle, Local> => {
  const known = new Map<string, WeakRef<Local>>()
  const forgotten = new FinalizationRegistry((id: string) => {
    if (known.get(id)?.deref() === undefined) known.delete(id)
  })

  const knownOf = (handle: Handle): Local | undefined => known.get(handle[typeId].id)?.deref()

  const find = (handle: Handle): Local => {
    if (!(typeId in Object(handle))) {
      const expected = `the handle of a ${typeId.slice(typeId.indexOf("/") + 1)}`
      throw plainError("InvalidArgument", { argument: "self", value: handle, expected })
    }
    const found = knownOf(handle)
    if (found) return found
    const { id } = handle[typeId]
    const made = make(handle, Membership.self())
    known.set(id, new WeakRef(made))
    forgotten.register(made, id)
    return made
  }

  const lookup = (handle: Handle): Local => {
    const cached = (handle as { readonly [LOCAL]?: Local })[LOCAL]
    if (cached !== undefined) return cached
    const local = find(handle)
    adopt(handle, local)
    if (Object.isExtensible(handle)) Object.defineProperty(handle, LOCAL, { value: local })
    return local
  }

  return Object.assign(lookup, { isKnown: (handle: Handle) => knownOf(handle) !== undefined })
}

/** The same for handles of nothing but words. */
export const makeWordHandles = <
  Id extends string,
  Handle extends HandleOf<Id, { readonly id: string; readonly words: SharedArrayBuffer }>,
  Local extends object,
>(
  typeId: Id,
  make: (words: Memory, user: Membership.User, handle: Handle) => Local,
): ((handle: Handle) => Local) =>
  makeHandles(typeId, (handle: Handle, user) =>
    make(attach(new Int32Array(handle[typeId].words)), user, handle),
  )
