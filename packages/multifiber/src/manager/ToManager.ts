/** The way to a manager, over whatever carries the messages. */
import type * as Agent from "../Agent.ts"
import { type Asking, refusal, signed } from "../agent/Asking.ts"
import { Batch, packCalls } from "../agent/Batch.ts"
import * as Calls from "../agent/Calls.ts"
import { forEachHandle } from "../sync/travelling.ts"
import { type Call, type ToManager as Message, Op, type Outcome } from "../wire/Protocol.ts"

export class ToManager implements Agent.Route {
  /** What begins the ids that this agent has for what the manager has. */
  readonly name: string
  private readonly asking: Asking
  private readonly manager: string
  private post: (message: Message, home: string) => void
  private readonly batch: Batch<Call>
  private isClosed = false

  /** `post` throws where a value cannot be sent; it gets what the ids begin with of what the manager has itself. */
  constructor(name: string, manager: string, asking: Asking, post: (message: Message, home: string) => void) {
    this.name = name
    this.manager = manager
    this.asking = asking
    this.post = post
    this.batch = new Batch(
      (calls) => this.send(packCalls(calls)),
      (id, { args }, cause) => this.asking.settle(id, refusal("argument", args, cause)),
    )
  }

  private send(message: Message): void {
    this.post(message, Calls.idBy(this.name, ""))
  }

  call(call: Call, reply: (outcome: Outcome) => void): () => void {
    if (this.isClosed) {
      reply(this.closed)
      return () => {}
    }
    const id = this.asking.add((outcome) => {
      // Errors may have handles in them, too.
      this.rename(outcome.is === "done" ? outcome.value : outcome)
      reply(outcome)
    })
    this.batch.add(id, signed(call), call.args)
    return () => {
      if (!this.asking.has(id)) return
      this.batch.flush()
      this.send({ op: Op.Cancel, id })
    }
  }

  release(target: string, times?: number): void {
    if (this.isClosed) return
    this.batch.flush()
    this.send({ op: Op.Release, target, ...(times === undefined ? {} : { times }) })
  }

  leave(agent: string): void {
    if (this.isClosed) return
    // What it has asked for comes before its end.
    this.batch.flush()
    this.send({ op: Op.Left, agent })
  }

  /** There will be no other answers. */
  close(): void {
    this.isClosed = true
    this.batch.flush()
    // It stays known, for whoever asks later: not so what has carried the messages.
    this.post = () => {}
    this.asking.settleAll(this.closed)
  }

  private get closed(): Outcome {
    return { is: "failed", tag: "ManagerClosed", fields: { manager: this.manager } }
  }

  /** What comes without memory is used through the manager. */
  private rename(value: unknown): void {
    forEachHandle(value, (_, handle, typeId) => {
      const inner = (handle as Record<string, { id: string }>)[typeId] as { id: string }
      if (!hasMemory(inner)) inner.id = Calls.idBy(this.name, inner.id)
    })
  }
}

const hasMemory = (inner: object): boolean =>
  Object.values(inner).some(
    (part) =>
      part instanceof SharedArrayBuffer ||
      Object.values(Object(part)).some((p) => p instanceof SharedArrayBuffer),
  )
