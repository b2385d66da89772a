/**
 * From the handle of a shared primitive to what this agent keeps of it. A handle is plain data, so that it travels by
 * structured clone; each copy of it finds the same one here.
 */
import { attach, type Memory } from "@multifiber/kernel/Memory"
import { cannotBlock } from "../agent/Calls.ts"
import * as Membership from "../agent/Membership.ts"
import { plainError } from "./plainErrors.ts"
import { RemoteSide } from "./RemoteSide.ts"
import { onArrival, watch } from "./travelling.ts"

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
    if (!(local instanceof RemoteSide) && Object.isExtensible(handle))
      Object.defineProperty(handle, LOCAL, { value: local })
    return local
  }

  return Object.assign(lookup, { isKnown: (handle: Handle) => knownOf(handle) !== undefined })
}

export interface WordHandle {
  readonly id: string
  /** None in an OS process, which uses it through its starter. */
  readonly words: SharedArrayBuffer | undefined
}

/** What an agent keeps of a primitive in shared memory. */
export type LocalIn<Handle, Local> = (words: Memory, user: Membership.User, handle: Handle) => Local

/** From a handle of nothing but words to what this agent keeps of it. */
export interface WordHandles<Handle, Local, Far = RemoteSide> {
  readonly sideOf: (handle: Handle) => Local | Far
  /** The same in plain code; throws `Unsupported` where the agent does not share the memory. */
  readonly localOf: (handle: Handle) => Local
  /** Makes a new handle know whom it is sent to. */
  readonly announce: (handle: Handle) => Handle
}

/** What makes a handle know whom it is sent to; each that arrives does. */
export const makeAnnounce = <
  Id extends string,
  Key extends string,
  Handle extends HandleOf<
    Id,
    { readonly id: string } & { readonly [K in Key]: SharedArrayBuffer | undefined }
  >,
>(
  typeId: Id,
  key: Key,
) => {
  const announce = <H extends Handle>(handle: H): H => {
    const inner = handle[typeId]
    watch<Key, SharedArrayBuffer>(inner, key, {
      handle,
      id: inner.id,
      shared: inner[key],
      lease: () => () => {},
    })
    return handle
  }
  onArrival<Handle>(typeId, {
    adopt: announce,
    arrive: announce,
    pass: (handle) => {
      announce(handle)
      return () => {}
    },
  })
  return announce
}

/** Makes the lookups for such handles. */
export const makeWordHandles = <
  Id extends `~multifiber/${string}`,
  Handle extends HandleOf<Id, WordHandle>,
  Local extends object,
  Far extends RemoteSide = RemoteSide,
>(
  typeId: Id,
  localIn: LocalIn<Handle, Local>,
  remote = (id: string) => new RemoteSide(id) as Far,
): WordHandles<Handle, Local, Far> => {
  const announce = makeAnnounce<Id, "words", Handle>(typeId, "words")
  const sideOf = makeHandles(
    typeId,
    (handle: Handle, user): Local | Far => {
      const { id, words } = handle[typeId]
      return words === undefined ? remote(id) : localIn(attachWords(words), user, handle)
    },
    announce,
  )
  const findLocal = (handle: Handle): Local => {
    const side = sideOf(handle)
    if (side instanceof RemoteSide) throw cannotBlock(typeId.slice("~multifiber/".length))
    return side
  }
  // On the hot path: only a local side is kept in the handle.
  const localOf = (handle: Handle): Local =>
    (handle as { readonly [LOCAL]?: Local })[LOCAL] ?? findLocal(handle)
  return { sideOf, localOf, announce }
}

const attachWords = (words: SharedArrayBuffer): Memory => attach(new Int32Array(words))

/** What another agent keeps of a primitive whose memory this one shares. */
export const sidesIn =
  <Id extends string, Handle extends HandleOf<Id, WordHandle>, Local extends object>(
    typeId: Id,
    localIn: (words: Memory, user: Membership.User, handle: Handle, sideOf: (handle: any) => any) => Local,
  ) =>
  (handle: Handle, guest: { readonly user: Membership.User }, sideOf: (handle: any) => any): Local =>
    localIn(attachWords(handle[typeId].words as SharedArrayBuffer), guest.user, handle, sideOf)
