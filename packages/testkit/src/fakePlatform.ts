/**
 * A platform without threads: its agents are real runners in this agent, behind ports that copy messages as real ones do
 * and deliver one message per turn of the event loop, in order. A test holds messages back, and ends agents when it
 * likes.
 */
import { setImmediate } from "node:timers"
import * as Agent from "multifiber/Agent"
import type { AgentExit, AgentListener, PlatformService, StartAgent } from "multifiber/Platform"
import * as Runner from "multifiber/Runner"
import * as Task from "multifiber/Task"

export interface Options {
  /** The number of the start that throws, counted from 1. */
  readonly failingStart?: number
  /** The number of the start whose agent dies before it says that it is ready. */
  readonly stillborn?: number
  /** `end` tells of the exit before it returns, as on Deno; else in a later turn. */
  readonly exitsInsideEnd?: boolean
}

/** One agent, as a test steers it. */
export class FakeAgent {
  readonly name: string
  /** With what `end` was called. */
  asked: -15 | -9 | undefined = undefined
  ended = false
  /** Messages that it got, oldest first. */
  readonly received: Array<unknown> = []
  private readonly listener: AgentListener
  private readonly exitsInsideEnd: boolean
  private readonly waiting: Array<unknown> = []
  private handler: (message: unknown) => void = () => {}
  private paused = false
  private exitCode = 0
  private told = false

  constructor(name: string, listener: AgentListener, exitsInsideEnd: boolean) {
    this.name = name
    this.listener = listener
    this.exitsInsideEnd = exitsInsideEnd
  }

  /** Starts the runner. */
  start(): void {
    const asAgent = makeIdentity()
    const post = (message: unknown): void => this.toStarter(structuredClone(message))
    const runner = Runner.start({
      post,
      openLine: () => ({ post, look: () => {} }),
      receive: (handler) => {
        this.handler = (message) =>
          asAgent(() => {
            try {
              handler(message)
            } catch (error) {
              runner.die(error)
            }
          })
      },
      release: () => setImmediate(() => this.die({ code: this.exitCode })),
      exit: (code) => this.die({ code }),
      setExitCode: (code) => {
        this.exitCode = code
      },
      report: () => {},
      // It shares the console of the test.
      takeConsole: () => {},
      memory: () => ({ heap: 0, rss: 0 }),
      check: structuredClone,
    })
  }

  /** Sends a message to the agent. */
  post(message: unknown): void {
    this.waiting.push(structuredClone(message))
    this.deliverLater()
  }

  end(code: -15 | -9): void {
    this.asked ??= code
    const exit = { code: this.asked, error: undefined }
    if (!this.exitsInsideEnd) setImmediate(() => this.die(exit))
    else if (!this.ended) this.tell(exit)
  }

  /** Messages to the agent wait from now on. */
  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    for (const _ of this.waiting) this.deliverLater()
  }

  /** The agent ends at once; what it posted before still arrives. */
  die({ code = 1, error }: Partial<AgentExit> = {}): void {
    if (this.ended) return
    this.ended = true
    setImmediate(() => this.tell({ code, error }))
  }

  private tell(exit: AgentExit): void {
    this.ended = true
    this.told = true
    this.listener.onExit(exit)
    this.listener.onGone()
  }

  private deliverLater(): void {
    setImmediate(() => {
      if (this.paused || this.ended || this.waiting.length === 0) return
      const message = this.waiting.shift()
      this.received.push(message)
      this.handler(message)
    })
  }

  private toStarter(message: unknown): void {
    if (this.ended) return
    setImmediate(() => {
      if (!this.told) this.listener.onMessage(message)
    })
  }
}

const AGENT = Symbol.for("multifiber/agent/1")

/** Lets a runner handle messages here as an agent of its own: it takes itself for the only one. */
const makeIdentity = () => {
  let own: unknown
  return (handle: () => void): void => {
    const main = Agent.state()
    // A runner that imports a task module marks its agent, which must not keep us from starting others.
    Object.defineProperty(main, "importing", { get: () => false, set: () => {} })
    Object.assign(globalThis, { [AGENT]: own })
    handle()
    own = Agent.state()
    Object.assign(globalThis, { [AGENT]: main })
  }
}

export interface FakePlatform {
  readonly service: PlatformService
  /** In the order of their starts. */
  readonly agents: ReadonlyArray<FakeAgent>
  /** Holds less releases. */
  readonly holds: () => number
}

const noSockets = () => Promise.reject(new Error("the fake platform has no sockets"))

export const make = ({ exitsInsideEnd = false, failingStart, stillborn }: Options = {}): FakePlatform => {
  const agents: Array<FakeAgent> = []
  let starts = 0
  let holds = 0
  const start: StartAgent = (name, listener, { first } = {}) => {
    starts++
    if (starts === failingStart) throw new Error("no thread left")
    const agent = new FakeAgent(name, listener, exitsInsideEnd)
    agents.push(agent)
    if (starts === stillborn) agent.die()
    else agent.start()
    const post = (message: unknown): void => agent.post(message)
    if (first) post(first(true))
    return {
      id: starts,
      pid: 1,
      sharesMemory: true,
      line: { post, look: () => {} },
      post,
      end: (code) => agent.end(code),
    }
  }
  return {
    agents,
    holds: () => holds,
    service: {
      runtime: "node",
      cpuCount: 2,
      cores: 2,
      pid: 1,
      capabilities: { stopsBusyThread: true },
      startThread: start,
      startProcess: start,
      startReserved: start,
      sockets: { listen: noSockets, connect: noSockets },
      configureReserve: () => {},
      hold: () => {
        holds++
      },
      release: () => {
        holds--
      },
    },
  }
}

let modules = 0

/** Tasks for fake agents: any functions, for their "module" is an empty one and they are in this agent already. */
export const tasks = <const Functions extends Record<string, (...args: any) => unknown>>(
  functions: Functions,
): Task.Tasks<Functions> => {
  const define: (url: string, functions: Functions) => Task.Tasks<Functions> = Task.module as never
  return define(`data:text/javascript,//${++modules}`, functions)
}
