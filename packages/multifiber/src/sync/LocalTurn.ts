/**
 * A gate that is passed for a moment only, as one agent has it: its fibers queue here, first come first served, and the agent
 * queues for the first of them. Who may go is told so, and takes its turn itself when it runs. So no turn is kept from others
 * while an event loop is busy, and an interruption has nothing to undo.
 */
import * as Ring from "@multifiber/kernel/Ring"
import * as Waiters from "@multifiber/kernel/Waiters"
import { isTold, type User } from "../agent/Membership.ts"
import { SPINS } from "./LocalGate.ts"
import * as Slices from "./Slices.ts"
import { WakeUp } from "./WakeUp.ts"

/** After at most 2 to the power of so many waits a fiber looks for a while again before it waits. */
const MOST_IN_VAIN = 6

/** So often a fiber looks for a while in a row before it waits all the same: nothing else of the agent runs meanwhile. */
const MOST_IN_A_ROW = 64

/**
 * So many milliseconds somebody whose time is up waits on while there is something to do: others may have been quicker again and
 * again, or one has died in its turn.
 */
const LONGEST_TURN = 1000

/** What comes of a turn in which there was nothing to do. */
export const NOTHING = Symbol("multifiber/nothing")

export type Nothing = typeof NOTHING

/** What is done in a turn. */
export type Act<A> = () => A | Nothing

/** A fiber that waits for its turn. Where it does not listen when it is called, it hears of that when it does. */
export class Waiter {
  private isCalled = false
  private listener: (() => void) | undefined = undefined

  /** Tells it to take its turn. */
  call(): void {
    this.isCalled = true
    this.tell()
  }

  listen(listener: () => void): void {
    this.listener = listener
    this.tell()
  }

  private tell(): void {
    const { isCalled, listener } = this
    if (!isCalled || listener === undefined) return
    this.isCalled = false
    this.listener = undefined
    listener()
  }
}

export class LocalTurn {
  readonly gate: Waiters.Gate
  private readonly me: number
  private readonly user: User
  private readonly waiters: Array<Waiter> = []
  /** The first of them was told to go. */
  private isCalled = false
  /** The place of this agent in the queue. */
  private ticket: number | undefined = undefined
  private lost = 0
  /** How often in a row a fiber has looked for a while in vain. */
  private inVain = 0
  /** How often it has since the agent waited. */
  private inARow = 0
  /** So many waits begin without that. */
  private skips = 0
  private readonly wakeUp: WakeUp

  constructor(gate: Waiters.Gate, user: User) {
    this.gate = gate
    this.me = user.id
    this.user = user
    this.wakeUp = new WakeUp(gate.memory, () => this.look())
  }

  get waitingFibers(): number {
    return this.waiters.length
  }

  /** There is something to do, whoever does it. */
  private get isOpen(): boolean {
    return this.gate.meaning.isOpen(0, 1)
  }

  /**
   * Acts where there is something to do. Where another agent has its turn, it is over in no time, unless that agent has just died:
   * so it looks again, some times.
   */
  tryAct<A>(act: Act<A>): A | Nothing {
    for (let i = 0, rounds = 1; i < SPINS; i++) {
      if (Ring.tryTurn(this.gate, this.me)) return this.finish(act)
      if (!this.isOpen) return NOTHING
      rounds = Waiters.pause(rounds)
    }
    return NOTHING
  }

  /**
   * The same for a fiber that waits otherwise. It looks for about as long as it takes to be woken: in a conversation the answer
   * comes sooner. After each time in vain, twice as many waits begin without that.
   */
  tryActSoon<A>(act: Act<A>): A | Nothing {
    const quick = this.tryAct(act)
    if (quick !== NOTHING || this.waiters.length > 0 || this.inARow === MOST_IN_A_ROW || this.skips-- > 0)
      return quick
    this.inARow++
    for (let i = 0, rounds = 1; i < SPINS && !this.isOpen; i++) rounds = Waiters.pause(rounds)
    const result = this.tryAct(act)
    this.inVain = result === NOTHING ? Math.min(this.inVain + 1, MOST_IN_VAIN) : 0
    this.skips = 2 ** this.inVain - 1
    return result
  }

  private finish<A>(act: Act<A>): A | Nothing {
    try {
      return act()
    } finally {
      Ring.endTurn(this.gate, this.me)
    }
  }

  /** Queues a fiber where it does not queue already. It is called from now on. */
  await(waiter: Waiter): void {
    if (!this.waiters.includes(waiter) && this.waiters.push(waiter) === 1) this.wakeUp.begin()
    this.look()
    if (!this.isCalled) this.inARow = 0
  }

  /** Takes the turn of a fiber that was called. Where there was nothing to do, it will be called again. */
  act<A>(waiter: Waiter, act: Act<A>): A | Nothing {
    this.isCalled = false
    for (;;) {
      const seen = Waiters.look(this.gate, this.me, this.enlisted(), this.lost)
      if (seen === "waits") return NOTHING
      if (seen === "lost") {
        this.lost++
        continue
      }
      this.ticket = undefined
      const result = this.finish(act)
      if (result === NOTHING) continue
      this.remove(waiter)
      return result
    }
  }

  /** Calls all fibers: what they wait for may never come. */
  callAll(): void {
    for (const waiter of [...this.waiters]) waiter.call()
  }

  /** Takes a fiber out of the queue; whose turn it was is the next one's. */
  remove(waiter: Waiter): void {
    const index = this.waiters.indexOf(waiter)
    if (index < 0) return
    this.waiters.splice(index, 1)
    if (index === 0) this.isCalled = false
    if (this.waiters.length > 0) this.look()
    else this.withdraw()
  }

  private withdraw(): void {
    this.wakeUp.end()
    if (this.ticket === undefined) return
    Waiters.withdraw(this.gate, this.me, this.ticket)
    this.ticket = undefined
  }

  /** Looks at the gate for the first fiber that waits, until it is called or there is nothing to do but to sleep. */
  readonly look = (): void => {
    while (this.waiters.length > 0 && !this.isCalled) {
      const ticket = this.enlisted()
      const seen = Waiters.peek(this.gate, this.me, ticket, this.lost)
      if (seen === "open") {
        this.isCalled = true
        this.waiters[0]?.call()
      } else if (seen === "lost") {
        this.lost++
      } else if (this.wakeUp.order(Waiters.wakeUp(this.me, ticket))) {
        return
      }
    }
  }

  private enlisted(): number {
    if (this.ticket === undefined) {
      this.ticket = Waiters.enlist(this.gate, this.me)
      this.lost = 0
    }
    return this.ticket
  }

  /**
   * Acts, blocking the agent at most for `milliseconds`; then only as long as there is something to do, and others have their turns.
   * Where its fibers queue, it goes in their place.
   */
  actSync<A>(act: Act<A>, milliseconds: number): A | Nothing {
    const quick = this.tryAct(act)
    if (quick !== NOTHING || (milliseconds <= 0 && !this.isOpen)) return quick
    const inTime = Slices.sleepFor(milliseconds, this.user)
    const forTurns = Slices.sleepFor(Math.max(0, milliseconds) + LONGEST_TURN, this.user)
    const sleep: Waiters.Sleep = (...bed) => inTime(...bed) || (this.isOpen && forTurns(...bed))
    while (this.turnBy(sleep)) {
      const result = this.finish(act)
      // Its fibers queue anew, where it went in their place.
      this.look()
      if (result !== NOTHING) return result
    }
    if (isTold(this.user)) throw Slices.toldToEnd()
    return NOTHING
  }

  private turnBy(sleep: Waiters.Sleep): boolean {
    if (this.ticket === undefined) return Ring.turn(this.gate, this.me, sleep, SPINS)
    if (Waiters.passInPlace(this.gate, this.me, this.ticket, sleep) === undefined) return false
    this.ticket = undefined
    return true
  }
}
