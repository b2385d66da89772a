/**
 * From the handle of a shared primitive to what this agent keeps of it. A handle is plain data, so that it travels by
 * structured clone; each copy of it finds the same one here.
 */
import { attach, type Memory } from "@multifiber/kernel/Memory"
import * as Membership from "../agent/Membership.ts"

interface Shared {
  readonly id: string
  readonly words: SharedArrayBuffer
}

const LOCAL = Symbol("multifiber/local")

/** Makes the lookup for one kind of handle. */
export const makeHandles = <Handle extends object, Local extends object, Of extends Shared = Shared>(
  sharedOf: (handle: Handle) => Of,
  make: (words: Memory, user: Membership.User, shared: Of) => Local,
): ((handle: Handle) => Local) => {
  const known = new Map<string, WeakRef<Local>>()
  const forgotten = new FinalizationRegistry((id: string) => {
    if (known.get(id)?.deref() === undefined) known.delete(id)
  })

  const find = (handle: Handle): Local => {
    const shared = sharedOf(handle)
    const { id, words } = shared
    const found = known.get(id)?.deref()
    if (found) return found
    const made = make(attach(new Int32Array(words)), Membership.self(), shared)
    known.set(id, new WeakRef(made))
    forgotten.register(made, id)
    return made
  }

  return (handle) => {
    const cached = (handle as { readonly [LOCAL]?: Local })[LOCAL]
    if (cached !== undefined) return cached
    const local = find(handle)
    if (Object.isExtensible(handle)) Object.defineProperty(handle, LOCAL, { value: local })
    return local
  }
}
