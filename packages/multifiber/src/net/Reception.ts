/** Where a listener makes sure of who comes, and who was trusted waits to be accepted. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { type AuthFailed, Closed } from "../Errors.ts"
import type { Address, PlatformService, Socket, SocketServer } from "../Platform.ts"
import { type Greeted, greet, type Terms } from "./greeting.ts"

type Run = <A, E>(effect: Effect.Effect<A, E>) => Fiber.RuntimeFiber<A, E>

export class Reception {
  lastAccepted: Address | undefined = undefined
  readonly terms: Terms
  private readonly platform: PlatformService
  private readonly backlog: number
  /** With the loggers of whoever made the listener. */
  private readonly run: Run
  private server: SocketServer | undefined = undefined
  private isClosed = false
  private readonly greeting = new Set<Fiber.RuntimeFiber<Greeted, AuthFailed>>()
  private readonly trusted: Array<Greeted> = []
  /** Who accepts now, and what each was told of a client that is not to be trusted. */
  private readonly accepting = new Set<Accepting>()

  constructor(platform: PlatformService, terms: Terms, backlog: number, run: Run) {
    this.platform = platform
    this.terms = terms
    this.backlog = backlog
    this.run = run
  }

  open(server: SocketServer): void {
    this.server = server
  }

  get address(): Address {
    return (this.server as SocketServer).address
  }

  /** Somebody has connected. */
  readonly welcome = (socket: Socket): void => {
    if (this.isClosed || this.greeting.size + this.trusted.length >= this.backlog) {
      socket.destroy()
      this.run(Effect.logDebug(`A client is hung up on: ${this.backlog} others wait to be accepted`))
      return
    }
    const fiber = this.run(greet(socket, "listener", socket.peer, this.terms))
    this.greeting.add(fiber)
    fiber.addObserver((exit) => {
      this.greeting.delete(fiber)
      const [first] = this.accepting
      if (Exit.isSuccess(exit)) this.trusted.push(exit.value)
      else if (first !== undefined) first.refused = Effect.failCause(exit.cause)
      else this.run(Effect.logDebug("A client is refused", exit.cause))
      first?.wake()
    })
  }

  /** Somebody could not be let in. */
  readonly trouble = (error: unknown): void => {
    this.run(Effect.logWarning("A listener cannot let a client in", error))
  }

  /** The next that is trusted; only the waiting can be interrupted. */
  next(
    restore: <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>,
  ): Effect.Effect<Greeted, AuthFailed | Closed> {
    const me: Accepting = { refused: undefined, wake: () => {} }
    const { hold, release } = this.platform
    const woken = Effect.async<void>((resume) => {
      me.wake = () => resume(Effect.void)
      if (this.hasNewsFor(me)) me.wake()
    })
    const take: Effect.Effect<Greeted, AuthFailed | Closed> = Effect.suspend(() => {
      if (this.isClosed) return Effect.fail(new Closed({ what: "listener" }))
      const greeted = this.trusted.shift()
      if (greeted !== undefined) {
        this.lastAccepted = greeted.peer
        return Effect.succeed(greeted)
      }
      return me.refused ?? Effect.zipRight(restore(woken), take)
    })
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        hold()
        this.accepting.add(me)
      }),
      () => take,
      () =>
        Effect.sync(() => {
          release()
          this.accepting.delete(me)
          // It may have been woken for one that it did not take.
          for (const { wake } of this.accepting) wake()
        }),
    )
  }

  private hasNewsFor({ refused }: Accepting): boolean {
    return this.isClosed || this.trusted.length > 0 || refused !== undefined
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.server?.close()
    for (const fiber of this.greeting) fiber.unsafeInterruptAsFork(fiber.id())
    for (const { wire } of this.trusted) wire.socket.destroy()
    for (const { wake } of this.accepting) wake()
  }
}

interface Accepting {
  refused: Effect.Effect<never, AuthFailed> | undefined
  wake: () => void
}
