/**
 * Connects to a listener, of this machine or another: Python's `multiprocessing.connection.Client`.
 *
 * @since 0.8.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Connection } from "./ConnectionSync.ts"
import type { AuthFailed, ConnectFailed, InvalidArgument } from "./Errors.ts"
import * as bridge from "./net/bridge.ts"
import { connecting } from "./net/connecting.ts"
import type { Options as GreetingOptions } from "./net/greeting.ts"
import type { Address, Platform } from "./Platform.ts"

/**
 * How to connect.
 *
 * @category models
 * @since 0.8.0
 */
export interface Options extends GreetingOptions {}

/**
 * Connects to a listener, and makes sure of it: it has to have the same key. The connection does whatever one end of a pipe does;
 * at the end of the scope it is closed for this agent.
 *
 * **Shape** – what travels is what `Connection.send` takes, but for shared memory; messages are not encrypted. The connection may
 * be sent to other agents of the program: their messages go through the agent that has connected, and end with it.
 * **Waiting** – suspends the fiber until both sides are content. **Interruption** – gives up the attempt. The end of the scope
 * waits until what was sent has left, for 10 seconds at most; a warning tells where it could not. **Errors** – `ConnectFailed` where
 * nobody listens there, `AuthFailed` where one side does not trust the other, `InvalidArgument`.
 *
 * **Source** – Python's `Client(address, authkey=…)`; HMAC-SHA-256 as there, with both nonces in each proof.
 *
 * @example
 * import { Effect } from "effect"
 * import { Client, Connection, Listener } from "multifiber"
 * import { Main } from "@multifiber/platform"
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const listener = yield* Listener.make({ authKey: "secret" })
 *   const client = yield* Client.connect<string>(Listener.address(listener), { authKey: "secret" })
 *   yield* Connection.send(client, "hello")
 *   const connection = yield* Listener.accept<never, string>(listener)
 *   console.log(yield* Connection.recv(connection)) // => hello
 * }))
 *
 * @category constructors
 * @since 0.8.0
 */
export const connect = <Out, In = Out>(
  address: Address,
  options: Options = {},
): Effect.Effect<Connection<Out, In>, ConnectFailed | AuthFailed | InvalidArgument, Platform | Scope.Scope> =>
  Effect.flatMap(connecting(address, options), ({ greeting, terms }) => bridge.open(terms, greeting))
