/** Handles that know whom they are sent to: cloning one into a message calls a getter. */
import * as Delivery from "../agent/Delivery.ts"

/** What happens to a handle on its way. */
export interface Travel<Shared> {
  readonly handle: object
  readonly id: string
  /** The memory of it; none where this agent uses it through its starter. */
  readonly shared: Shared | undefined
  /** An agent that shares the memory gets it; returns what undoes that, if there is anything to undo. */
  readonly share?: (receiver: number) => (() => void) | undefined
  /** An agent gets it that will use it through this one; returns what happens when it does not any more. */
  readonly lease: () => () => void
}

/** Makes `shared` of a handle a getter, which gives no memory to those that cannot share it. */
export const watch = <Shared>(
  inner: { readonly shared: Shared | undefined },
  { handle, id, lease, share, shared }: Travel<Shared>,
): void => {
  const get = (): Shared | undefined => {
    const delivery = Delivery.current()
    if (delivery === undefined) return shared
    if (shared !== undefined && delivery.receiver !== undefined) {
      const undo = share?.(delivery.receiver)
      if (undo !== undefined) delivery.undo.push(undo)
      return shared
    }
    // The starter has it, or reaches it by itself, where it does not come from here.
    if (shared !== undefined || delivery.leases !== undefined) {
      Delivery.lease(delivery, id, () => ({ handle, isRemote: shared === undefined, release: lease() }))
    }
    return undefined
  }
  Object.defineProperty(inner, "shared", { enumerable: true, configurable: true, get })
}
