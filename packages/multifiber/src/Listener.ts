/**
 * Accepts connections of other programs, of this machine or another: Python's `multiprocessing.connection.Listener`.
 *
 * @since 0.8.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Connection } from "./ConnectionSync.ts"
import { type AuthFailed, type Closed, InvalidArgument, ListenFailed } from "./Errors.ts"
import * as bridge from "./net/bridge.ts"
import { checkAddress, type Options as GreetingOptions, isLocal, termsOf, textOf } from "./net/greeting.ts"
import { Reception } from "./net/Reception.ts"
import { type Address, Platform } from "./Platform.ts"

/**
 * @category type ids
 * @since 0.8.0
 */
export const TypeId = "~multifiber/Listener"

/**
 * A listener. Lives in the agent that made it and cannot be sent to others.
 *
 * @category models
 * @since 0.8.0
 */
export interface Listener {
  readonly [TypeId]: Reception
}

/**
 * Where to listen, and to whom.
 *
 * @category models
 * @since 0.8.0
 */
export interface Options extends GreetingOptions {
  /** Default: a free port of this machine's own TCP. */
  readonly address?: Address | undefined
  /** How many connections may wait to be accepted, or be saying who they are; others are hung up on. Default: 128. */
  readonly backlog?: number | undefined
}

const LOOPBACK: Address = { host: "127.0.0.1", port: 0 }

/**
 * Listens until the end of the scope.
 *
 * **Shape** – port 0 takes a free one: see `address`. The path of a Unix socket is gone when it is closed; a program that was killed
 * leaves it behind, and then it is in use. **Errors** – `ListenFailed` where the address is in use or cannot be used;
 * `InvalidArgument`, also where other machines could reach it and there is no `authKey`: whoever connects could then send what
 * he likes.
 *
 * **Source** – Python's `Listener(address, backlog=…, authkey=…)`, whose default is a Unix socket in a new folder.
 *
 * @example
 * import { Effect } from "effect"
 * import { Client, Listener } from "multifiber"
 * import { Main } from "@multifiber/platform"
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const listener = yield* Listener.make({ authKey: "secret" })
 *   const stranger = Client.connect(Listener.address(listener), { authKey: "guess" })
 *   console.log((yield* Effect.flip(stranger)).message.endsWith("the client has another key")) // => true
 * }))
 *
 * @category constructors
 * @since 0.8.0
 */
export const make = ({
  address = LOOPBACK,
  backlog = 128,
  ...options
}: Options = {}): Effect.Effect<Listener, ListenFailed | InvalidArgument, Platform | Scope.Scope> =>
  Effect.gen(function* () {
    const platform = yield* Platform
    yield* checkAddress(address, 0)
    if (!Number.isSafeInteger(backlog) || backlog < 1) {
      return yield* new InvalidArgument({
        argument: "backlog",
        value: backlog,
        expected: "a whole number of at least 1",
      })
    }
    const terms = yield* termsOf(options)
    if (terms.authKey === undefined && !isLocal(address)) {
      const expected = `a key, since other machines can reach ${textOf(address)}`
      return yield* new InvalidArgument({ argument: "authKey", value: undefined, expected })
    }
    const runtime = yield* Effect.runtime<never>()
    const reception = new Reception(platform, terms, backlog, Runtime.runFork(runtime))
    yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () =>
          platform.sockets.listen(address, { onSocket: reception.welcome, onError: reception.trouble }),
        catch: (cause) => new ListenFailed({ address: textOf(address), cause }),
      }).pipe(Effect.map((server) => reception.open(server))),
      () => Effect.sync(() => reception.close()),
    )
    return { [TypeId]: reception }
  })

/**
 * Waits for the next connection whose other side is trusted. At the end of the scope it is closed for this agent.
 *
 * **Shape** – as that of `Client.connect`. **Waiting** – suspends the fiber; the program stays alive meanwhile. Clients are made sure
 * of side by side: one that is slow holds up nobody. **Fairness** – in the order in which they were trusted. **Interruption** –
 * accepts none. **Errors** – `Closed`; `AuthFailed` for a client that is not to be trusted, where it came while the fiber
 * waited: the next is accepted next. Of others the logger is told, at the level of debugging.
 *
 * **Source** – Python's `Listener.accept()`.
 *
 * @category combinators
 * @since 0.8.0
 */
export const accept = <Out, In = Out>(
  self: Listener,
): Effect.Effect<Connection<Out, In>, Closed | AuthFailed, Scope.Scope> =>
  bridge.open(self[TypeId].terms, (restore) => self[TypeId].next(restore))

/**
 * Where it listens, with the port that was free.
 *
 * **Source** – Python's `Listener.address`.
 *
 * @category getters
 * @since 0.8.0
 */
export const address = (self: Listener): Address => self[TypeId].address

/**
 * Who was accepted last: the host and the port of the other side, where that has one.
 *
 * **Source** – Python's `Listener.last_accepted`.
 *
 * @category getters
 * @since 0.8.0
 */
export const lastAccepted = (self: Listener): Effect.Effect<Option.Option<Address>> =>
  Effect.sync(() => Option.fromNullable(self[TypeId].lastAccepted))

/**
 * Gives the address back. Who waits for a connection fails with `Closed`; those that were accepted go on. Nothing where it is
 * closed.
 *
 * **Source** – Python's `Listener.close()`.
 *
 * @category combinators
 * @since 0.8.0
 */
export const close = (self: Listener): Effect.Effect<void> => Effect.sync(() => self[TypeId].close())
