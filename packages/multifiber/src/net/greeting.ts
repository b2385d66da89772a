/** What listeners and clients have in common: where they are, whom they trust, and what their messages may be. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { AuthFailed, InvalidArgument } from "../Errors.ts"
import type { Address, Socket } from "../Platform.ts"
import { MOST_BYTES } from "../wire/Message.ts"
import { type Terms as HandshakeTerms, LIMIT, type Role, shakeHands } from "./handshake.ts"
import { Wire } from "./Wire.ts"

/** How both sides make sure of each other, and what they send. */
export interface Options {
  /** What both sides know, as bytes or as text in UTF-8. Default: none, and anybody is trusted. */
  readonly authKey?: Uint8Array | string | undefined
  /** The longest message that this side takes, in bytes. Default: 64 MiB. */
  readonly maxMessage?: number | undefined
  /** How long the other side may take to say who it is. Default: 5 seconds. */
  readonly handshakeTimeout?: Duration.DurationInput | undefined
}

export interface Terms extends HandshakeTerms {
  readonly timeout: Duration.Duration
}

const DEFAULT_MAX_MESSAGE = 2 ** 26

const invalid = (argument: string, value: unknown, expected: string) =>
  Effect.fail(new InvalidArgument({ argument, value, expected }))

export const termsOf = ({
  authKey,
  handshakeTimeout = "5 seconds",
  maxMessage = DEFAULT_MAX_MESSAGE,
}: Options): Effect.Effect<Terms, InvalidArgument> => {
  const key = typeof authKey === "string" ? new TextEncoder().encode(authKey) : authKey
  if (key !== undefined && !(key instanceof Uint8Array)) {
    return invalid("authKey", authKey, "a Uint8Array or text")
  }
  if (!Number.isSafeInteger(maxMessage) || maxMessage < 1 || maxMessage > MOST_BYTES) {
    return invalid("maxMessage", maxMessage, `a whole number of bytes from 1 to ${MOST_BYTES}`)
  }
  return Effect.succeed({
    authKey: key?.slice(),
    maxMessage,
    timeout: Duration.decode(handshakeTimeout),
  })
}

/** Only Windows knows the paths of its named pipes. */
const PIPE = "\\\\"

export const checkAddress = (address: Address, leastPort: 0 | 1): Effect.Effect<Address, InvalidArgument> => {
  const expected = `{ host, port } with a port from ${leastPort} to 65535, or the path of a Unix socket`
  const { host, port } = Object(address) as { readonly host?: unknown; readonly port?: unknown }
  const isFine =
    typeof address === "string"
      ? address.length > 0 && !address.startsWith(PIPE)
      : typeof host === "string" &&
        host.length > 0 &&
        Number.isInteger(port) &&
        (port as number) >= leastPort &&
        (port as number) < 2 ** 16
  return isFine ? Effect.succeed(address) : invalid("address", address, expected)
}

/** Programs of this machine only can reach it. */
export const isLocal = (address: Address): boolean =>
  typeof address === "string" || /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(address.host)

export const textOf = (address: Address | undefined): string => {
  if (address === undefined) return "a Unix socket"
  if (typeof address === "string") return address
  const { host, port } = address
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
}

/** A socket whose other side is trusted. */
export interface Greeted {
  readonly wire: Wire
  readonly peer: Address | undefined
  /** The longest message that the other side takes. */
  readonly theirs: number
}

/** Makes sure of the other side. Where it is not to be trusted, or nobody waits any more, the socket is given back. */
export const greet = (
  socket: Socket,
  role: Role,
  peer: Address | undefined,
  terms: Terms,
): Effect.Effect<Greeted, AuthFailed> =>
  Effect.suspend(() => {
    const wire = new Wire(socket, LIMIT)
    const failed = (reason: string) => new AuthFailed({ peer: textOf(peer), reason })
    return shakeHands(wire, role, terms).pipe(
      Effect.mapError((refusal) => failed(refusal.message)),
      Effect.timeoutFail({
        duration: terms.timeout,
        onTimeout: () => failed(`it took longer than ${Duration.format(terms.timeout)} to say who it is`),
      }),
      Effect.map((theirs) => ({ wire, peer, theirs })),
      Effect.tapError(() => Effect.forkDaemon(wire.hangUp)),
      Effect.onInterrupt(() => wire.destroy),
    )
  })
