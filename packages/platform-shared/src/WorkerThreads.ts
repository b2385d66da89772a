/**
 * Agents as worker threads, by the `node:worker_threads` that Node, Deno and Bun have in common.
 *
 * @since 0.1.0
 */
import process from "node:process"
import { setInterval } from "node:timers"
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import type { AgentExit, AgentHandle, AgentListener, PlatformService, StartAgent } from "multifiber/Platform"
import { agentUrl } from "./agentFile.ts"
import { open, seal } from "./envelope.ts"
import { drain, type LineEnd, makeLine } from "./line.ts"
import { MAY_LOOK } from "./looking.ts"

/**
 * What a worker thread is born with.
 *
 * @internal
 */
export interface WorkerData {
  /** Its port closes when the thread is really gone. A manager listens to it. */
  readonly line: LineEnd
  /** Its first message. */
  readonly first: unknown
}

/**
 * Starts worker threads.
 *
 * @category constructors
 * @since 0.1.0
 */
export const startThread: StartAgent = (name, listener, { first } = {}) => {
  const { port1, port2 } = new MessageChannel()
  const line = { port: port2, mayLook: MAY_LOOK }
  const worker = new Worker(agentUrl("thread"), {
    name,
    workerData: { line, first: first && seal(first(true)) } satisfies WorkerData,
    transferList: [port2],
  })
  return observe(worker, port1, listener)
}

const observe = (worker: Worker, lifeline: MessagePort, listener: AgentListener): AgentHandle => {
  let asked: -15 | -9 | undefined
  let error: unknown
  // The lifeline may close before the runtime tells of the exit, or long after.
  let awaited = 2
  const passed = () => {
    awaited--
    if (awaited === 0) listener.onGone()
  }
  worker.on("message", (message) => listener.onMessage(open(message)))
  worker.on("messageerror", listener.onMessageError)
  worker.on("error", (thrown) => {
    error = thrown
  })
  worker.on("exit", (code) => {
    drain(lifeline, listener.onMessage)
    listener.onExit({ code: asked ?? code, error } satisfies AgentExit)
    passed()
  })
  lifeline.on("close", passed)
  // Deno tells of the close only where somebody listens for messages.
  const line = makeLine({ port: lifeline, mayLook: MAY_LOOK }, listener.onMessage, listener.onMessageError)
  // Adding a listener references what it is added to.
  lifeline.unref()
  worker.unref()
  return {
    id: worker.threadId,
    pid: process.pid,
    sharesMemory: true,
    line,
    post: (message, transfer = []) => worker.postMessage(seal(message), [...transfer]),
    end: (code) => {
      asked ??= code
      void worker.terminate()
    },
  }
}

/**
 * Keeps the program alive while something is held: a worker that waits for work does not.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeHold = (): Pick<PlatformService, "hold" | "release"> => {
  const timer = setInterval(() => {}, 2 ** 30)
  timer.unref()
  let holds = 0
  return {
    hold: () => {
      if (holds++ === 0) timer.ref()
    },
    release: () => {
      if (--holds === 0) timer.unref()
    },
  }
}
