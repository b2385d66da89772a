/**
 * Agents started ahead, for the start method `forkserver`: they have loaded their modules and wait to be told who they
 * are. What is taken is replaced in the background.
 */
import type { AgentHandle, AgentListener, StartAgent } from "../Platform.ts"
import { type FromAgent, Op, type ToAgent } from "../wire/Protocol.ts"

export interface ReserveOptions {
  readonly kind: "thread" | "spawn"
  /** How many wait. */
  readonly size: number
  /** URLs of modules to load ahead. */
  readonly preload: ReadonlyArray<string>
}

interface Spare {
  readonly handle: AgentHandle
  /** It has its modules. */
  isLoaded: boolean
  /** Who hears of it: the reserve, then whoever took it. */
  listener: AgentListener
}

const NAME = "multifiber-reserve"

/** Milliseconds between an agent that was taken and its replacement, and between two replacements. */
const PAUSE = 20

export class Reserve {
  private options: ReserveOptions
  private spares: Array<Spare> = []
  private readonly start: (kind: ReserveOptions["kind"]) => StartAgent
  private refilling: ReturnType<typeof setTimeout> | undefined = undefined

  constructor(options: ReserveOptions, start: (kind: ReserveOptions["kind"]) => StartAgent) {
    this.options = options
    this.start = start
  }

  /** Starts anew with other options. Throws where the runtime refuses to start agents. */
  configure(options: ReserveOptions): void {
    this.options = options
    clearTimeout(this.refilling)
    this.refilling = undefined
    for (const { handle } of this.spares.splice(0)) handle.end(-9)
    while (this.spares.length < options.size) this.spares.push(this.makeSpare())
  }

  /** Hands an agent out: one that waits, else a new one. */
  readonly take: StartAgent = (_name, listener, { first } = {}) => {
    const spare = this.takeSpare() ?? this.makeSpare()
    if (first) this.greet(spare, first)
    spare.listener = listener
    this.refill()
    return spare.handle
  }

  /** The oldest that has its modules, else the oldest. */
  private takeSpare(): Spare | undefined {
    const loaded = this.spares.findIndex((spare) => spare.isLoaded)
    return this.spares.splice(Math.max(loaded, 0), 1)[0]
  }

  /** Posts the first message of an agent's new life; one that it cannot have leaves it a spare. */
  private greet(spare: Spare, first: (sharesMemory: boolean) => unknown): void {
    try {
      spare.handle.post(first(spare.handle.sharesMemory))
    } catch (cause) {
      this.spares.unshift(spare)
      throw cause
    }
  }

  /** Ends what waits; nothing waits any more. */
  close(): void {
    this.configure({ ...this.options, size: 0 })
  }

  /** One by one, and not at once: a start keeps this thread busy, and what was taken is about to answer. */
  private refill(): void {
    if (this.refilling !== undefined || this.spares.length >= this.options.size) return
    this.refilling = setTimeout(() => {
      this.refilling = undefined
      try {
        this.spares.push(this.makeSpare())
      } catch {
        // The next `take` runs into it and tells its caller.
        return
      }
      this.refill()
    }, PAUSE)
  }

  private makeSpare(): Spare {
    const { kind, preload } = this.options
    const listener: AgentListener = {
      onMessage: (message) => {
        if ((message as FromAgent).op === Op.Preloaded) spare.isLoaded = true
        else spare.listener.onMessage(message)
      },
      onMessageError: (error) => spare.listener.onMessageError(error),
      onExit: (exit) => spare.listener.onExit(exit),
      onGone: () => spare.listener.onGone(),
    }
    const first = (): ToAgent => ({ op: Op.Preload, urls: preload })
    const spare: Spare = {
      handle: this.start(kind)(NAME, listener, { first }),
      isLoaded: false,
      listener: {
        onMessage: () => {},
        onMessageError: () => spare.handle.end(-9),
        onExit: () => {
          this.spares = this.spares.filter((other) => other !== spare)
        },
        onGone: () => {},
      },
    }
    return spare
  }
}
