/**
 * What a runtime does for multifiber: starts agents and keeps the program alive. Adapters implement it; programs get it
 * from `@multifiber/platform`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * How an agent ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface AgentExit {
  /** 0 normal, n by `process.exit(n)`, 1 by an uncaught error, −15 terminated, −9 killed. */
  readonly code: number
  /** The error that ended it, where the runtime tells. */
  readonly error: unknown
}

/**
 * A started agent, as its starter holds it. Plain callbacks: it is on the hot path of the pool.
 *
 * @category models
 * @since 0.1.0
 */
export interface AgentHandle {
  /** Unique among the agents of the program; the runtime's thread id. */
  readonly id: number
  /** Sends a message by structured clone. Throws at once where it cannot be cloned. */
  readonly post: (message: unknown) => void
  /** Ends the agent at once, with −15 or −9 as exit code. */
  readonly end: (code: -15 | -9) => void
}

/**
 * What the starter of an agent wants to hear.
 *
 * @category models
 * @since 0.1.0
 */
export interface AgentListener {
  readonly onMessage: (message: unknown) => void
  /** A message arrived that cannot be decoded. */
  readonly onMessageError: (error: unknown) => void
  /** The agent ended, as far as the runtime tells: comes once, after its last message. */
  readonly onExit: (exit: AgentExit) => void
  /**
   * The agent is really gone: nothing of it runs or writes shared memory. Comes once, with `onExit` or later: on
   * Deno 2.9 a busy thread that was ended runs on.
   */
  readonly onGone: () => void
}

/**
 * Where runtimes differ. Each capability is `true` where the runtime does it; a reason says why not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Capabilities {
  /** `end` stops a thread that is busy with synchronous code. */
  readonly stopsBusyThread: true | { readonly reason: string }
}

/**
 * The contract of an adapter.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlatformService {
  readonly runtime: "node" | "deno" | "bun"
  /** Cores that this process may use. */
  readonly cores: number
  readonly capabilities: Capabilities
  /** Starts a worker thread of the runtime with a runner in it. Throws where the runtime refuses. */
  readonly startThread: (name: string, boot: unknown, listener: AgentListener) => AgentHandle
  /** While more holds than releases were made, the program does not end by itself. */
  readonly hold: () => void
  readonly release: () => void
}

/**
 * The runtime that the program runs on.
 *
 * @category services
 * @since 0.1.0
 */
export class Platform extends Context.Tag("multifiber/Platform")<Platform, PlatformService>() {}
