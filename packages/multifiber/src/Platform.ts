/**
 * What a runtime does for multifiber: starts agents and keeps the program alive. Adapters implement it; programs get it
 * from `@multifiber/platform`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Agent from "./Agent.ts"
import { Reserve, type ReserveOptions } from "./agent/Reserve.ts"

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
  /** Unique among the agents that the program started: the id of the thread, or of the OS process. */
  readonly id: number
  /** The OS process that the agent runs in. */
  readonly pid: number
  /** A `SharedArrayBuffer` that is posted is shared. */
  readonly sharesMemory: boolean
  /**
   * Sends a message by structured clone. Throws at once where it cannot be cloned. Buffers to be transferred move where the agent is
   * a thread, and are copied else.
   */
  readonly post: (message: unknown, transfer?: ReadonlyArray<ArrayBuffer>) => void
  /** Of what comes there `onMessage` hears. */
  readonly line: Line
  /** Its standard output and error, where they were asked for: an agent that nobody reads from waits when they are full. */
  readonly output?: Readonly<Record<"stdout" | "stderr", AsyncIterable<Uint8Array>>>
  /** Ends the agent at once, with −15 or −9 as exit code. */
  readonly end: (code: -15 | -9) => void
}

/**
 * The way between two that answer each other at once: who expects something may look for it, since to sleep until it comes takes an event
 * loop several times as long. For threads it is a channel beside that for messages.
 *
 * @category models
 * @since 0.9.0
 */
export interface Line {
  /** As `post`, of what needs no transfer. */
  readonly post: (message: unknown) => void
  /**
   * Does not let this thread sleep for some microseconds, until something has come. On the line of a thread it blocks, and has what
   * comes heard; not where the event loop has waited too long.
   */
  readonly look: () => void
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
 * How an agent is started.
 *
 * @category models
 * @since 0.2.0
 */
export interface StartOptions {
  /** Makes the message that the agent gets before all others: a thread is born with it. Where it throws, nothing starts. */
  readonly first?: (sharesMemory: boolean) => unknown
  /** The runtime of an OS process, where it is not that of the program. */
  readonly executable?: string | undefined
  /** Standard output and error of an OS process: those of the program, or pipes that the starter reads. */
  readonly stdio?: "inherit" | "pipe" | undefined
}

/**
 * Starts an agent with a runner in it. Throws where the runtime refuses, or the first message cannot be cloned; what goes
 * wrong later comes as an exit.
 *
 * @category models
 * @since 0.2.0
 */
export type StartAgent = (name: string, listener: AgentListener, options?: StartOptions) => AgentHandle

/**
 * Where a listener is: a host and a port of TCP, or the path of a Unix socket.
 *
 * @category models
 * @since 0.8.0
 */
export type Address = { readonly host: string; readonly port: number } | string

/**
 * Who hears a socket.
 *
 * @category models
 * @since 0.8.0
 */
export interface SocketListener {
  readonly onData: (bytes: Uint8Array) => void
  /** It takes more bytes again. */
  readonly onDrain: () => void
  /** The other side sends no more, or the socket broke: then with what the runtime says. Comes once, and after it nothing else. */
  readonly onEnd: (failure?: unknown) => void
}

/**
 * A stream of bytes to another program. It keeps no program alive.
 *
 * @category models
 * @since 0.8.0
 */
export interface Socket {
  /** Who is there; `undefined` for a Unix socket. */
  readonly peer: Address | undefined
  /** Begins to read. */
  readonly listen: (listener: SocketListener) => void
  readonly pause: () => void
  readonly resume: () => void
  /** Tells whether it takes more at once; what is written is kept in any case. */
  readonly write: (bytes: Uint8Array) => boolean
  /** Says that nothing more comes from here; calls back once everything has left, or cannot leave. */
  readonly end: (done: () => void) => void
  readonly destroy: () => void
}

/**
 * Who hears of those that connect.
 *
 * @category models
 * @since 0.8.0
 */
export interface ServerListener {
  readonly onSocket: (socket: Socket) => void
  /** Somebody could not be let in, such as where too many files are open. */
  readonly onError: (error: unknown) => void
}

/**
 * What accepts sockets. It keeps no program alive.
 *
 * @category models
 * @since 0.8.0
 */
export interface SocketServer {
  /** Where it really is, with the port that was free. */
  readonly address: Address
  /** Gives the address back; sockets that were accepted go on. */
  readonly close: () => void
}

/**
 * Sockets of the runtime. What cannot be done rejects with what the runtime says, such as an error with the code `EADDRINUSE`.
 *
 * @category models
 * @since 0.8.0
 */
export interface Sockets {
  readonly listen: (address: Address, listener: ServerListener) => Promise<SocketServer>
  /** `abandon` gives up the attempt. */
  readonly connect: (address: Address, abandon: AbortSignal) => Promise<Socket>
}

/**
 * The contract of an adapter.
 *
 * @category models
 * @since 0.1.0
 */
export interface Adapter {
  readonly runtime: "node" | "deno" | "bun"
  /** The URL of the module that makes its layer, for agents that start others: they import it. */
  readonly module?: string
  /** Logical cores of the machine. */
  readonly cpuCount: number
  /** Cores that this process may use. */
  readonly cores: number
  /** This OS process. */
  readonly pid: number
  readonly capabilities: Capabilities
  /** Starts a worker thread of the runtime. */
  readonly startThread: StartAgent
  /** Starts an OS process of the runtime. */
  readonly startProcess: StartAgent
  readonly sockets: Sockets
  /** While more holds than releases were made, the program does not end by itself. */
  readonly hold: () => void
  readonly release: () => void
}

/**
 * What the library makes of an adapter.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlatformService extends Adapter {
  /** Takes an agent that was started ahead, or starts one. */
  readonly startReserved: StartAgent
  /** Starts the reserve anew. Throws where the runtime refuses. */
  readonly configureReserve: (options: ReserveOptions) => void
}

/**
 * The runtime that the program runs on.
 *
 * @category services
 * @since 0.1.0
 */
export class Platform extends Context.Tag("multifiber/Platform")<Platform, PlatformService>() {}

/**
 * Makes the layer of an adapter. The agents that it started ahead end with it. A module that makes one at its top level says so by its
 * URL: then managers can have pools.
 *
 * @category layers
 * @since 0.2.0
 */
export const layer = (adapter: () => Adapter, module?: string): Layer.Layer<Platform> => {
  const made = Layer.scoped(
    Platform,
    Effect.acquireRelease(
      Effect.sync(() => reserveOf({ ...adapter(), ...(module === undefined ? {} : { module }) })),
      ({ reserve }) => Effect.sync(() => reserve.close()),
    ).pipe(Effect.map(({ service }) => service)),
  )
  if (module !== undefined) Agent.state().platforms.set(module, made)
  return made
}

const reserveOf = (adapter: Adapter) => {
  const options: ReserveOptions = { kind: "thread", size: adapter.cores, preload: [] }
  const reserve = new Reserve(options, (kind) =>
    kind === "thread" ? adapter.startThread : adapter.startProcess,
  )
  const service: PlatformService = {
    ...adapter,
    startReserved: reserve.take,
    configureReserve: (options) => reserve.configure(options),
  }
  return { reserve, service }
}
