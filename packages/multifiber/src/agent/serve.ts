/** Does for an agent what it asks for, with what it uses through this one. */
import type * as Hosting from "../sync/Hosting.ts"
import type { Call } from "../wire/Protocol.ts"
import type * as Calls from "./Calls.ts"
import type { Lease } from "./Delivery.ts"
import type { Guests } from "./Guests.ts"
import * as Loans from "./Loans.ts"

/** Loaded when it is needed first: who sends nothing to OS processes need not load it. */
let hosting: Promise<typeof Hosting> | undefined

/** Returns what withdraws the call; there is an answer in any case. */
export const serve = (
  lease: Lease | undefined,
  call: Call,
  reply: Calls.Reply,
  guests: Guests,
): (() => void) => {
  if (call.target === Loans.TARGET) return Loans.serve(call, reply)
  if (lease === undefined) {
    reply({ is: "failed", tag: "Closed", fields: { what: "handle" } })
    return () => {}
  }
  const { from = "" } = call
  if (lease.isRemote) guests.passOn(from)
  let isWithdrawn = false
  let withdraw = () => {
    isWithdrawn = true
  }
  hosting ??= import("../sync/Hosting.ts")
  void hosting.then(({ forward, perform }) => {
    if (isWithdrawn) reply({ is: "withdrawn" })
    else
      withdraw = lease.isRemote ? forward(call, reply) : perform(lease.handle, call, reply, guests.of(from))
  })
  return () => withdraw()
}
