/** Errors of this library on their way to another agent than the one that got them. */
import * as Errors from "../Errors.ts"
import { type EncodedError, encodeError } from "./EncodedError.ts"
import { decodeError } from "./Failure.ts"

/** What a manager tells of a pool that it has, or could not make. */
export type Sendable =
  | Errors.TaskError
  | Errors.PoolNotRunning
  | Errors.InvalidArgument
  | Errors.IllegalState
  | Errors.Unsupported

export interface SentError {
  readonly tag: Sendable["_tag"]
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause?: EncodedError
}

export const sendError = (error: Sendable): SentError => {
  const { _tag: tag, cause, ...fields } = error as Sendable & { readonly cause?: unknown }
  return { tag, fields, ...(cause === undefined ? {} : { cause: causeOf(cause) }) }
}

/** What came from elsewhere already is told of as it was there. */
const causeOf = (cause: unknown): EncodedError => {
  if (!(cause instanceof Errors.RemoteFailure)) return encodeError(cause)
  const { errors, fields, message, name, remoteStack: stack, thrown } = cause
  if (thrown !== undefined) return { kind: "value", value: thrown }
  return {
    kind: "error",
    name,
    message,
    stack,
    fields,
    ...(cause.cause === undefined ? {} : { cause: causeOf(cause.cause) }),
    ...(errors === undefined ? {} : { errors: errors.map(causeOf) }),
  }
}

/** The error again, with a cause that comes from `source`. */
export const receiveError = ({ cause, fields, tag }: SentError, source: string): Sendable => {
  const Failed = Errors[tag] as new (fields: object) => Sendable
  return new Failed({ ...fields, ...(cause === undefined ? {} : { cause: decodeError(cause, source) }) })
}
