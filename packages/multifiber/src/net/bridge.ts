/**
 * A connection to another program: a pipe, whose other end this agent joins to a socket. So it does whatever a pipe does, in
 * any agent of the program that it is sent to.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Connection from "../Connection.ts"
import { type Connection as AnyConnection, closeSync, localOf, makeEnds } from "../ConnectionSync.ts"
import { forAnother } from "../sync/borrowing.ts"
import { type Message, MOST_BYTES } from "../wire/Message.ts"
import { frameOf, messageOf, OVERHEAD, type Violation } from "./Frames.ts"
import type { Greeted, Terms } from "./greeting.ts"
import { LINGER, type Wire } from "./Wire.ts"

/** What was sent has so long to leave once the connection is closed. */
const LEAVING = "10 seconds"

/**
 * Opens the connection of a socket for a scope. At its end this agent closes it, and waits until what was sent has left, unless
 * others have it open: a warning tells where it could not.
 */
export const open = <E>(
  { maxMessage }: Terms,
  greeting: (restore: <A, F>(self: Effect.Effect<A, F>) => Effect.Effect<A, F>) => Effect.Effect<Greeted, E>,
): Effect.Effect<AnyConnection<any, any>, E, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const { theirs, wire } = yield* greeting(restore)
      const [connection, inner] = makeEnds<any, any>(true, Math.min(theirs, MOST_BYTES))
      wire.reader.limit = maxMessage + OVERHEAD
      const sent = yield* join(wire, inner)
      yield* Effect.addFinalizer(() => {
        closeSync(connection)
        if (!localOf(inner).isBroken) return Effect.void
        return Effect.timeoutTo(sent, {
          duration: LEAVING,
          onSuccess: () => Effect.void,
          onTimeout: () =>
            Effect.logWarning(
              `A connection is given up with something unsent: for ${LEAVING} the other side did not read it`,
            ),
        }).pipe(Effect.flatten)
      })
      return connection
    }),
  )

/** Joins the end of a pipe to a socket; returns what waits until nothing more is sent. */
const join = (wire: Wire, inner: AnyConnection<any, any>): Effect.Effect<Effect.Effect<void>> =>
  Effect.gen(function* () {
    const sending = yield* forkOwn(Effect.ensuring(sendAll(wire, inner), wire.end))
    const receiving = yield* forkOwn(receiveAll(wire, inner))
    const sent = Effect.interruptible(Effect.asVoid(Fiber.await(sending)))
    const received = Effect.timeoutOption(Fiber.await(receiving), LINGER)
    yield* forkOwn(sent.pipe(Effect.zipRight(received), Effect.zipRight(wire.destroy)))
    return sent
  })

/** Goes on when the fiber of the caller has ended. Nobody waits for it: what should not happen is logged. */
const forkOwn = <A>(self: Effect.Effect<A>) =>
  Effect.forkDaemon(
    Effect.interruptible(
      Effect.tapDefect(self, (cause) => Effect.logError("What carries a connection has failed", cause)),
    ),
  )

/** Until nobody has the other end open, or the socket has ended. */
const sendAll = (wire: Wire, inner: AnyConnection<any, any>): Effect.Effect<void> =>
  Connection.recvMessage(inner, forAnother).pipe(
    Effect.flatMap((message) => wire.write(frameOf(message as Message))),
    Effect.forever,
    Effect.catchTags({ Eof: () => Effect.void, Closed: () => Effect.void }),
    Effect.orDie,
  )

/** Until the socket ends, or breaks the rules. What nobody wants any more is read all the same: else what was sent might not arrive. */
const receiveAll = (wire: Wire, inner: AnyConnection<any, any>): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let content = yield* wire.read; content !== undefined; content = yield* wire.read) {
      const frame = content
      const message = yield* Effect.try({ try: () => messageOf(frame), catch: (error) => error as Violation })
      const passed = Connection.sendMessage(inner, message)
      yield* Effect.orDie(Effect.catchTag(passed, "BrokenPipe", () => Effect.void))
    }
    const { failure } = wire
    if (failure !== undefined) yield* Effect.logDebug("A connection broke", failure)
  }).pipe(
    Effect.catchAll((violation) =>
      Effect.zipRight(
        Effect.logWarning(`A connection is closed, whose other side has sent ${violation.message}`),
        wire.destroy,
      ),
    ),
    Effect.ensuring(Effect.sync(() => closeSync(inner))),
  )
