/**
 * A mutex as one agent has it: its fibers queue here, first come first served, and the agent queues for the first of them.
 */
import * as Agents from "@multifiber/kernel/Agents"
import * as Mutex from "@multifiber/kernel/Mutex"
import * as Slices from "./Slices.ts"

/** A fiber that waits. */
interface Waiter {
  readonly resume: (taken: Mutex.Taken) => void
  taken: boolean
}

/** So often a thread tries before it sleeps: about as long as waking up takes. */
const SPINS = 200

export class LocalMutex implements Slices.Waiting {
  private readonly mutex: Mutex.Mutex
  private readonly me: number
  private readonly waiters: Array<Waiter> = []
  /** The place of this agent in the queue. */
  private ticket: number | undefined = undefined
  private lost = 0
  /** A wake-up is on order; it comes for any later ticket as well. */
  private ordered = false

  constructor(mutex: Mutex.Mutex, me: number) {
    this.mutex = mutex
    this.me = me
  }

  tryAcquire(): Mutex.Taken | undefined {
    return Mutex.tryAcquire(this.mutex, this.me)
  }

  release(): boolean {
    return Mutex.release(this.mutex, this.me)
  }

  get isLocked(): boolean {
    return Mutex.isLocked(this.mutex)
  }

  /** Calls back once with the lock; returns what gives up, and frees the lock where it had come already. */
  wait(resume: (taken: Mutex.Taken) => void): () => void {
    const waiter: Waiter = { resume, taken: false }
    if (this.waiters.push(waiter) === 1) Slices.begin(this)
    this.look()
    return () => {
      if (waiter.taken) {
        this.release()
        return
      }
      this.waiters.splice(this.waiters.indexOf(waiter), 1)
      if (this.waiters.length === 0) this.withdraw()
    }
  }

  private withdraw(): void {
    Slices.end(this)
    if (this.ticket === undefined) return
    Mutex.withdraw(this.mutex, this.me, this.ticket)
    this.ticket = undefined
  }

  /** Looks at the lock for the first fiber that waits, until there is nothing to do but to sleep. */
  readonly look = (): void => {
    const { me, mutex, waiters } = this
    while (waiters.length > 0) {
      const ticket = this.enlisted()
      const seen = Mutex.look(mutex, me, ticket, this.lost)
      if (seen === "acquired" || seen === "abandoned") {
        this.ticket = undefined
        const waiter = waiters.shift() as Waiter
        if (waiters.length === 0) Slices.end(this)
        waiter.taken = true
        waiter.resume(seen)
        continue
      }
      if (seen === "lost") this.lost++
      if (this.order(ticket)) return
    }
  }

  private enlisted(): number {
    if (this.ticket === undefined) {
      this.ticket = Mutex.enlist(this.mutex, this.me)
      this.lost = 0
    }
    return this.ticket
  }

  /** Orders a wake-up; `false` where it has come already. */
  private order(ticket: number): boolean {
    if (this.ordered) return true
    const { slot, value } = Mutex.wakeUp(this.me, ticket)
    const woken = this.mutex.memory.waitAsync(slot, value)
    if (woken === undefined) return false
    this.ordered = true
    void woken.then(() => {
      this.ordered = false
      this.look()
    })
    return true
  }

  /**
   * Blocks the agent until it has the lock, at most for `milliseconds`. Where its fibers queue, it goes in their place: they
   * cannot run meanwhile. Throws where the agent is told to end: on Deno nothing else stops a thread that waits.
   */
  acquireSync(milliseconds: number): Mutex.Taken | undefined {
    const { me, mutex } = this
    const deadline = performance.now() + milliseconds
    const sleep: Mutex.Sleep = (memory, slot, value) => {
      if (Agents.isTold(mutex.agents, me)) return false
      const left = deadline - performance.now()
      if (left <= 0) return false
      memory.wait(slot, value, Math.min(left, Slices.SLICE))
      return true
    }
    const taken =
      this.ticket === undefined
        ? Mutex.acquire(mutex, me, sleep, SPINS)
        : this.acquireInPlace(this.ticket, sleep)
    if (taken === undefined && Agents.isTold(mutex.agents, me)) throw new Error("this agent is told to end")
    return taken
  }

  private acquireInPlace(ticket: number, sleep: Mutex.Sleep): Mutex.Taken | undefined {
    const taken = Mutex.await(this.mutex, this.me, ticket, sleep)
    if (taken === undefined) return undefined
    this.ticket = undefined
    this.look()
    return taken
  }
}
