/**
 * Objects that stay in the agent that has them, and the handles by which others use them. An object is kept as long as somebody has
 * its handle: in this agent the garbage collector knows, of others the leases tell.
 */
import * as Agent from "../Agent.ts"
import * as Calls from "../agent/Calls.ts"
import * as Delivery from "../agent/Delivery.ts"
import * as Membership from "../agent/Membership.ts"
import { plainError } from "./plainErrors.ts"
import { onArrival } from "./travelling.ts"

export const TypeId = "~multifiber/Proxy"

/** The handle of an object, which knows whom it is sent to. */
export interface Handle {
  readonly [TypeId]: {
    readonly id: string
    /** How often whoever has sent it has done so: counted when it is cloned into a message. */
    readonly times: number | undefined
  }
}

/** The methods that others may call, by name; `self` is the object. */
export type Methods = (name: string) => ((self: any, ...args: ReadonlyArray<unknown>) => unknown) | undefined

const NOTHING = () => {}

/** An object of this agent. */
export class Entry {
  readonly object: object
  readonly methods: Methods
  readonly handle: Handle
  /** Called when no other agent or program has it any more, or none ever got it: more than once, it may be. */
  readonly onUnused: () => void
  /** How many agents and programs have it from this one. */
  leases = 0

  constructor(object: object, methods: Methods, onUnused = NOTHING) {
    this.object = object
    this.methods = methods
    this.onUnused = onUnused
    const id = Membership.nextName()
    this.handle = { [TypeId]: { id, times: undefined } }
    here.set(id, new WeakRef(this))
    dropped.register(this, { id, onUnused })
    attach(this.handle, this)
  }
}

/** What this agent keeps of an object that it uses through others. */
class Away {
  readonly id: string
  /** How often it came, as whoever has sent it counts. */
  readonly received = { times: 0 }
  /** How often it came to the code of this agent, and for how many scopes. */
  seen = 0
  scopes = 0
  /** How many agents and programs have it from this one. */
  leases = 0

  constructor(id: string) {
    this.id = id
  }
}

const SIDE = Symbol("multifiber/side")

type Side = Entry | Away

/** Those of this agent, by their ids. */
const here = new Map<string, WeakRef<Entry>>()

const dropped = new FinalizationRegistry<{ readonly id: string; readonly onUnused: () => void }>(
  ({ id, onUnused }) => {
    here.delete(id)
    onUnused()
  },
)

/** Those that others have. */
const leased = new Set<Entry>()

/** The entries of objects, as long as they are used. */
const entries = new WeakMap<object, WeakRef<Entry>>()

const away = new Map<string, WeakRef<Away>>()

const forgotten = new FinalizationRegistry<{ readonly id: string; readonly received: Away["received"] }>(
  ({ id, received }) => {
    if (away.get(id)?.deref() === undefined) away.delete(id)
    if (received.times > 0) Calls.release(id, received.times)
  },
)

/** How many objects of this agent others have. */
export const countLeased = (): number => leased.size

/** The entry of an object, which is made where there is none. */
export const entryOf = (object: object, make: () => Entry): Entry => {
  const known = entries.get(object)?.deref()
  if (known !== undefined) return known
  const entry = make()
  entries.set(object, new WeakRef(entry))
  return entry
}

const awayOf = (id: string): Away => {
  const known = away.get(id)?.deref()
  if (known !== undefined) return known
  const made = new Away(id)
  away.set(id, new WeakRef(made))
  forgotten.register(made, { id, received: made.received })
  return made
}

/** What this agent has of it, or keeps. Throws `InvalidArgument` for what is no handle. */
export const sideOf = (handle: Handle): Side => {
  const known = (handle as { readonly [SIDE]?: Side })[SIDE]
  if (known !== undefined) return known
  if (!isHandle(handle)) {
    throw plainError("InvalidArgument", {
      argument: "self",
      value: handle,
      expected: "the handle of a managed object",
    })
  }
  const { id, times = 0 } = handle[TypeId]
  const side = here.get(id)?.deref() ?? awayOf(id)
  if (side instanceof Away) side.received.times = Math.max(side.received.times, times)
  attach(handle, side)
  return side
}

export const isHandle = (u: unknown): u is Handle => typeof u === "object" && u !== null && TypeId in u

/** The object of a handle that has come home; none where it is not of this agent. */
export const entryBy = (handle: Handle): Entry | undefined => {
  const side = sideOf(handle)
  return side instanceof Entry ? side : undefined
}

/** Makes a handle keep its side, and know whom it is sent to. */
const attach = (handle: Handle, side: Side): void => {
  const { id } = handle[TypeId]
  Object.defineProperty(handle, SIDE, { value: side, configurable: true })
  Object.defineProperty(handle[TypeId], "times", {
    enumerable: true,
    configurable: true,
    get: () => {
      const delivery = Delivery.current()
      return delivery && depart(delivery, id, handle, side)
    },
  })
}

/** Agents above this one know nothing of what it has, or of managers that it has a way to. */
const isUnknownAbove = (id: string, side: Side): boolean =>
  Agent.state().callStarter !== undefined && (side instanceof Entry || Calls.routeTo(id) !== undefined)

/** Those that nobody may forget: they are in messages, of which nobody knows who will get them, and when. */
const pinned = new Set<Handle>()

const depart = (delivery: Delivery.Delivery, id: string, handle: Handle, side: Side): number | undefined => {
  delivery.hasHandles = true
  if (Delivery.goesHome(delivery, id)) return undefined
  if (delivery.isLoan || delivery.leases === undefined) {
    if (isUnknownAbove(id, side)) throw new Delivery.NotTransferable(FROM_BELOW)
    if (delivery.isLoan) pinned.add(handle)
    return undefined
  }
  return Delivery.lease(delivery, id, () => {
    side.leases++
    if (side instanceof Entry) leased.add(side)
    return { handle, isRemote: side instanceof Away, release: () => endLease(side) }
  })
}

const endLease = (side: Side): void => {
  side.leases--
  if (side instanceof Away) giveBackUnused(side)
  else if (side.leases === 0) {
    leased.delete(side)
    side.onUnused()
  }
}

const FROM_BELOW =
  "its object is in an agent that only those below it reach: make it in the main agent, or in its manager"

const see = (handle: Handle): void => {
  const side = sideOf(handle)
  if (side instanceof Away) side.seen++
}

onArrival<Handle>(TypeId, {
  adopt: see,
  arrive: see,
  keep: sideOf,
  pass: (handle) => {
    const side = sideOf(handle)
    return () => {
      // Nobody was there any more to have it.
      if (side instanceof Away) giveBackUnused(side)
    }
  },
})

/** The code of this agent has just got it, for a scope; returns what is to be done at its end. */
export const holdForScope = (handle: Handle): (() => void) => {
  const side = sideOf(handle)
  if (side instanceof Entry) return () => {}
  side.seen--
  side.scopes++
  return () => {
    side.scopes--
    giveBackUnused(side)
  }
}

/** What came in another way, too, the garbage collector gives back. */
const giveBackUnused = (side: Away): void => {
  if (side.leases === 0 && side.scopes === 0 && side.seen === 0) giveBack(side)
}

const giveBack = ({ id, received }: Away): void => {
  const { times } = received
  received.times = 0
  if (times > 0) Calls.release(id, times)
}

/** Gives back whatever came of it: copies of the handle that this agent has are of no use any more. */
export const release = (handle: Handle): void => {
  const side = sideOf(handle)
  pinned.delete(handle)
  if (side instanceof Away) giveBack(side)
}
