/** Does for an agent what it asks for, with what it uses through this one. */
import type * as Hosting from "../sync/Hosting.ts"
import type { Call } from "../wire/Protocol.ts"
import type * as Calls from "./Calls.ts"
import type { Lease } from "./Delivery.ts"
import type { Guests } from "./Guests.ts"
import * as Loans from "./Loans.ts"

/** Loaded when it is needed first: who sends nothing to OS processes need not load it. */
let hosting: typeof Hosting | Promise<typeof Hosting> | undefined

/** Strangers have no part in what the agents of the program lend each other. Returns what withdraws the call; there is an answer in any case. */
export const serve = (
  lease: Lease | undefined,
  call: Call,
  reply: Calls.Reply,
  guests: Guests,
  isStranger: boolean,
): (() => void) => {
  if (call.target === Loans.TARGET && !isStranger) return Loans.serve(call, reply)
  if (lease === undefined) {
    reply({ is: "failed", tag: "Closed", fields: { what: "handle" } })
    return () => {}
  }
  const { from = "" } = call
  if (lease.isRemote) guests.passOn(from)
  const begin = ({ forward, perform }: typeof Hosting): (() => void) =>
    lease.isRemote ? forward(call, reply) : perform(lease.handle, call, reply, guests.of(from))
  if (hosting !== undefined && !(hosting instanceof Promise)) return begin(hosting)
  let isWithdrawn = false
  let withdraw = () => {
    isWithdrawn = true
  }
  hosting ??= load()
  void hosting.then((loaded) => {
    if (isWithdrawn) reply({ is: "withdrawn" })
    else withdraw = begin(loaded)
  })
  return () => withdraw()
}

const load = async (): Promise<typeof Hosting> => {
  const loaded = await import("../sync/Hosting.ts")
  // After those that wait for it: calls are begun in their order.
  setTimeout(() => {
    hosting = loaded
  })
  return loaded
}
