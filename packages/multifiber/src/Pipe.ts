/**
 * A pipe between agents: Python's `multiprocessing.Pipe`.
 *
 * @since 0.4.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Connection } from "./ConnectionSync.ts"
import { closeSync, makeSync } from "./ConnectionSync.ts"

/**
 * Makes a pipe, and returns its two ends: what one sends the other receives. Where it is not `duplex`, the first only receives
 * and the second only sends. At the end of the scope both are closed for this agent.
 *
 * **Shape** – two handles to some 280 KB of shared memory, half of that one way; see `Connection` for what goes through. They
 * may be sent to any agent, at any depth of an argument or a result, and in a message of another connection. An OS process uses
 * one through the agent that has sent it, as with `Queue.make`. An agent that is sent an end has it open from then on, until it
 * closes it or ends. So who passes an end on closes it for itself, as in Python: the other side learns that a connection has
 * ended when nobody has it open any more.
 *
 * **Source** – Python's `Pipe(duplex)`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Connection, Pipe } from "multifiber"
 *
 * const program = Effect.scoped(
 *   Effect.gen(function* () {
 *     const [left, right] = yield* Pipe.make<string>()
 *     yield* Connection.send(left, "hello")
 *     yield* Connection.close(left)
 *     return [yield* Connection.recv(right), (yield* Effect.flip(Connection.recv(right)))._tag]
 *   }),
 * )
 * console.log(await Effect.runPromise(program)) // => [ 'hello', 'Eof' ]
 *
 * @category constructors
 * @since 0.4.0
 */
export const make = <A, B = A>(options?: {
  readonly duplex?: boolean
}): Effect.Effect<readonly [Connection<A, B>, Connection<B, A>], never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => makeSync<A, B>(options)),
    (ends) => Effect.sync(() => ends.forEach(closeSync)),
  )
