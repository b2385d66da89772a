/** How a program connects to another, before anything else is said. */
import * as Effect from "effect/Effect"
import { type AuthFailed, ConnectFailed, type InvalidArgument } from "../Errors.ts"
import { type Address, Platform, type Socket } from "../Platform.ts"
import { checkAddress, type Greeted, greet, type Options, type Terms, termsOf, textOf } from "./greeting.ts"

/** Terms, and what connects on them: only the waiting for both sides can be interrupted, and gives the socket back. */
export interface Connecting {
  readonly terms: Terms
  readonly greeting: (
    restore: <A, F>(self: Effect.Effect<A, F>) => Effect.Effect<A, F>,
  ) => Effect.Effect<Greeted, ConnectFailed | AuthFailed>
}

export const connecting = (
  address: Address,
  options: Options,
): Effect.Effect<Connecting, InvalidArgument, Platform> =>
  Effect.gen(function* () {
    const { hold, release, sockets } = yield* Platform
    yield* checkAddress(address, 1)
    const terms = yield* termsOf(options)
    let socket: Socket | undefined
    const connected = Effect.tryPromise({
      try: async (signal) => {
        socket = await sockets.connect(address, signal)
        return socket
      },
      catch: (cause) => new ConnectFailed({ address: textOf(address), cause }),
    })
    const greeted = Effect.flatMap(connected, (socket) => greet(socket, "client", address, terms))
    return {
      terms,
      greeting: (restore) =>
        Effect.acquireUseRelease(
          Effect.sync(hold),
          // Between the two steps nobody else has the socket.
          () => Effect.onInterrupt(restore(greeted), () => Effect.sync(() => socket?.destroy())),
          () => Effect.sync(release),
        ),
    }
  })
