/**
 * Agents that use what this one shares, and do not share its memory: OS processes. Each has a place among those that do, so that
 * the words of a primitive name it where it holds or waits, and are set right by all others when it is gone.
 */
import type * as Agent from "../Agent.ts"
import * as Calls from "./Calls.ts"
import * as Membership from "./Membership.ts"

/** One of them. */
export class Guest {
  /** What it keeps of what it uses, by the id of the handle. */
  readonly sides = new Map<string, object>()
  private membership: Agent.Membership | undefined = undefined
  /** What is being done for it. */
  private running = 0
  private isGone = false

  /** Throws where too many agents share memory. */
  get user(): Membership.User {
    this.membership ??= Membership.enter()
    return Membership.user(this.membership)
  }

  /** Something is done for it; returns what tells that it is over. */
  begin(): () => void {
    this.running++
    return () => {
      this.running--
      this.leave()
    }
  }

  /** It is gone: what is done for it was withdrawn. */
  gone(): void {
    this.isGone = true
    this.leave()
  }

  /** It has its place until all that was begun for it is undone. */
  private leave(): void {
    if (!this.isGone || this.running > 0) return
    if (this.membership) Membership.leave(this.membership)
    this.membership = undefined
  }
}

/** Those that come through one agent: it, and those below it, by their paths. */
export class Guests {
  private readonly guests = new Map<string, Guest>()
  private readonly passedOn = new Set<string>()

  of(path: string): Guest {
    const guest = this.guests.get(path) ?? new Guest()
    this.guests.set(path, guest)
    return guest
  }

  /** Calls of this one are passed on to the starter. */
  passOn(path: string): void {
    this.passedOn.add(path)
  }

  /** One of them is gone, and those below it. */
  leave(path: string): void {
    const isBelow = (other: string) => other === path || other.startsWith(`${path}:`)
    for (const [other, guest] of this.guests) {
      if (!isBelow(other)) continue
      this.guests.delete(other)
      guest.gone()
    }
    const passedOn = [...this.passedOn].filter(isBelow)
    for (const other of passedOn) this.passedOn.delete(other)
    if (passedOn.length > 0) Calls.leave(path)
  }
}
