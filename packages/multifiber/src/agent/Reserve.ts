/**
 * Agents started ahead, for the start method `forkserver`: they have loaded their modules and wait to be told who they
 * are. What is taken is replaced in the background.
 */
import type { AgentHandle, AgentListener, StartAgent } from "../Platform.ts"
import { Op, type ToAgent } from "../wire/Protocol.ts"

export interface ReserveOptions {
  readonly kind: "thread" | "spawn"
  /** How many wait. */
  readonly size: number
  /** URLs of modules to load ahead. */
  readonly preload: ReadonlyArray<string>
}

interface Spare {
  readonly handle: AgentHandle
  /** Who hears of it: the reserve, then whoever took it. */
  listener: AgentListener
}

const NAME = "multifiber-reserve"

export class Reserve {
  private options: ReserveOptions
  private spares: Array<Spare> = []
  private readonly start: (kind: ReserveOptions["kind"]) => StartAgent
  private refilling = false
  private closed = false

  constructor(options: ReserveOptions, start: (kind: ReserveOptions["kind"]) => StartAgent) {
    this.options = options
    this.start = start
  }

  /** Starts anew with other options. Throws where the runtime refuses to start agents. */
  configure(options: ReserveOptions): void {
    this.options = options
    this.discard()
    this.fill()
  }

  /** Hands an agent out: one that waits, else a new one. */
  readonly take: StartAgent = (_name, listener) => {
    const spare = this.spares.shift() ?? this.makeSpare()
    spare.listener = listener
    this.refill()
    return spare.handle
  }

  /** Ends what waits; nothing waits any more. */
  close(): void {
    this.closed = true
    this.discard()
  }

  private discard(): void {
    for (const { handle } of this.spares.splice(0)) handle.end(-9)
  }

  /** After the turn in which an agent was taken, which has better things to do. */
  private refill(): void {
    if (this.refilling) return
    this.refilling = true
    setTimeout(() => {
      this.refilling = false
      try {
        this.fill()
      } catch {
        // The next `take` runs into it and tells its caller.
      }
    })
  }

  private fill(): void {
    while (!this.closed && this.spares.length < this.options.size) this.spares.push(this.makeSpare())
  }

  private makeSpare(): Spare {
    const spare: Spare = {
      handle: this.start(this.options.kind)(NAME, {
        onMessage: (message) => spare.listener.onMessage(message),
        onMessageError: (error) => spare.listener.onMessageError(error),
        onExit: (exit) => spare.listener.onExit(exit),
        onGone: () => spare.listener.onGone(),
      }),
      listener: {
        onMessage: () => {},
        onMessageError: () => spare.handle.end(-9),
        onExit: () => {
          this.spares = this.spares.filter((other) => other !== spare)
        },
        onGone: () => {},
      },
    }
    const { preload } = this.options
    if (preload.length > 0) spare.handle.post({ op: Op.Preload, urls: preload } satisfies ToAgent)
    return spare
  }
}
