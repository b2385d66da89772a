/**
 * A gate as one agent has it: its fibers queue here, first come first served, and the agent queues for the first of them.
 */
import * as Waiters from "@multifiber/kernel/Waiters"
import { isTold, type User } from "../agent/Membership.ts"
import * as Slices from "./Slices.ts"
import { WakeUp } from "./WakeUp.ts"

/** So often a thread looks before it sleeps: about as long as waking up takes. */
export const SPINS = 200

/** A fiber that waits. */
interface Waiter {
  readonly resume: (taken: Waiters.Taken) => void
  readonly wanted: number
  /** How it has passed. */
  taken: Waiters.Taken | undefined
}

/** Who waits at a gate. */
export interface GateStatistics {
  /** Agents that wait, whichever and however many of their fibers. */
  readonly waitingAgents: number
  /** Fibers of this agent that wait. */
  readonly waitingFibers: number
  /** Only the oldest waiter may pass: it has been overtaken often, or wants more than there is. */
  readonly reserved: boolean
}

export abstract class LocalGate {
  protected readonly gate: Waiters.Gate
  protected readonly me: number
  private readonly user: User
  private readonly waiters: Array<Waiter> = []
  /** The place of this agent in the queue. */
  private ticket: number | undefined = undefined
  private lost = 0
  private readonly wakeUp: WakeUp

  constructor(gate: Waiters.Gate, user: User) {
    this.gate = gate
    this.me = user.id
    this.user = user
    this.wakeUp = new WakeUp(gate.memory, () => this.look())
  }

  get statistics(): GateStatistics {
    return {
      waitingAgents: Waiters.waitingAgents(this.gate),
      waitingFibers: this.waiters.length,
      reserved: Waiters.isReserved(this.gate),
    }
  }

  /** Passes with so many where nothing stands in the way. */
  abstract tryPass(wanted?: number): Waiters.Taken | undefined

  /** Passes with so many, blocking the agent by `sleep`; none where `sleep` gives up. */
  protected abstract passBy(sleep: Waiters.Sleep, wanted: number): Waiters.Taken | undefined

  /** Undoes that it has passed with so many; `false` where that was undone before. */
  abstract leave(wanted?: number): boolean

  /** The same, and the next fiber of this agent passes at once where it may: it need not be woken. */
  handOver(wanted?: number): boolean {
    const hasLeft = this.leave(wanted)
    this.look()
    return hasLeft
  }

  /** Undoes it where nobody was told how it has passed. */
  leaveAs(_taken: Waiters.Taken, wanted: number): boolean {
    return this.leave(wanted)
  }

  /** Calls back once it has passed with so many; returns what gives up, and undoes it where it had passed already. */
  wait(resume: (taken: Waiters.Taken) => void, wanted: number): () => void {
    const waiter: Waiter = { resume, wanted, taken: undefined }
    if (this.waiters.push(waiter) === 1) this.wakeUp.begin()
    this.look()
    return () => {
      if (waiter.taken !== undefined) {
        this.leaveAs(waiter.taken, wanted)
        return
      }
      const at = this.waiters.indexOf(waiter)
      this.waiters.splice(at, 1)
      if (this.waiters.length === 0) this.withdraw()
      // The next one may want less.
      else if (at === 0) this.look()
    }
  }

  private withdraw(): void {
    this.wakeUp.end()
    if (this.ticket === undefined) return
    Waiters.withdraw(this.gate, this.me, this.ticket)
    this.ticket = undefined
  }

  /** Looks at the gate for the first fiber that waits, until there is nothing to do but to sleep. */
  readonly look = (): void => {
    const { gate, me, waiters } = this
    for (let first = waiters[0]; first !== undefined; first = waiters[0]) {
      const ticket = this.enlisted(first.wanted)
      const seen = Waiters.look(gate, me, ticket, this.lost)
      if (seen === "acquired" || seen === "abandoned") {
        this.ticket = undefined
        waiters.shift()
        if (waiters.length === 0) this.wakeUp.end()
        first.taken = seen
        first.resume(seen)
        continue
      }
      if (seen === "lost") this.lost++
      else if (this.wakeUp.order(Waiters.wakeUp(me, ticket))) return
    }
  }

  /** The place of the agent in the queue, where it wants so many from now on. */
  private enlisted(wanted: number): number {
    if (this.ticket === undefined) {
      this.ticket = Waiters.enlist(this.gate, this.me, wanted)
      this.lost = 0
    } else Waiters.want(this.gate, this.me, wanted)
    return this.ticket
  }

  /**
   * Blocks the agent until it has passed with so many, at most for `milliseconds`. Where its fibers queue, it goes in their
   * place: they cannot run meanwhile.
   */
  passSync(milliseconds: number, wanted = 1): Waiters.Taken | false {
    const sleep = Slices.sleepFor(milliseconds, this.user)
    const taken =
      this.ticket === undefined ? this.passBy(sleep, wanted) : this.passInPlace(this.ticket, sleep, wanted)
    if (!isTold(this.user)) return taken ?? false
    // Others may take it for dead already, and count on what it had not taken. What it found abandoned stays so.
    if (taken === "acquired") this.leave(wanted)
    throw Slices.toldToEnd()
  }

  private passInPlace(ticket: number, sleep: Waiters.Sleep, wanted: number): Waiters.Taken | undefined {
    Waiters.want(this.gate, this.me, wanted)
    const taken = Waiters.passInPlace(this.gate, this.me, ticket, sleep)
    if (taken !== undefined) this.ticket = undefined
    this.look()
    return taken
  }
}
