/** Turns a failure of the wire into the error that the caller gets. */
import {
  EncodingFailed,
  InitializerFailed,
  ModuleNotLoaded,
  NotTransferable,
  RemoteFailure,
  type TaskError,
  TaskInterrupted,
  TaskNotFound,
} from "../Errors.ts"
import * as Task from "../Task.ts"
import { describe, type EncodedError } from "./EncodedError.ts"
import type { Failure } from "./Protocol.ts"

/** The error of a task: of its own type where its schema knows it. `frames` are those of the caller, if recorded. */
export const decodeFailure = (task: Task.Task.Any, failure: Failure, frames: string): unknown => {
  const { name, url } = task
  switch (failure.kind) {
    case "typed":
      return decodeTyped(task, failure.value)
    case "raised":
      return decodeError(failure.error, `task "${name}" of ${url}`, frames)
    case "encoding":
      return refusalOf({
        task: name,
        subject: failure.subject,
        value: failure.value,
        cause: decodeError(failure.error, `task "${name}" of ${url}`),
      })
    case "interrupted":
      return new TaskInterrupted({ task: name })
    case "notFound":
      return new TaskNotFound({ task: name, url, reason: failure.reason })
    case "notLoaded":
      return new ModuleNotLoaded({ task: name, url, cause: decodeError(failure.error, url) })
    case "initializer":
      return new InitializerFailed({ url: failure.url, cause: decodeError(failure.error, failure.url) })
  }
}

/** Why a value cannot be sent: the adapters tell of shared memory by the name of their error. */
export const refusalOf = (refused: {
  readonly task: string
  readonly subject: "argument" | "result" | "error"
  readonly value: string
  readonly cause: unknown
}): EncodingFailed | NotTransferable => {
  const { cause, subject, task } = refused
  return cause instanceof Error && cause.name === "NotTransferable"
    ? new NotTransferable({ task, subject, reason: cause.message })
    : new EncodingFailed(refused)
}

const decodeTyped = (task: Task.Task.Any, value: unknown): unknown => {
  try {
    return Task.codecOf(task)?.decodeError(value)
  } catch (cause) {
    return new EncodingFailed({
      task: task.name,
      subject: "error",
      value: describe(value),
      cause,
    }) satisfies TaskError
  }
}

/** The remote error as a local one. */
export const decodeError = (encoded: EncodedError, source: string, frames = ""): RemoteFailure => {
  const failure = new RemoteFailure({ ...fieldsOf(encoded, source), source })
  const { message, name, remoteStack } = failure
  Object.defineProperty(failure, "stack", {
    value: `${remoteStack || `${name}: ${message}`}\n    at ${source}${frames}`,
    configurable: true,
    writable: true,
  })
  return failure
}

const fieldsOf = (encoded: EncodedError, source: string) => {
  if (encoded.kind === "value") {
    const { value } = encoded
    const message = typeof value === "string" ? value : `a thrown value: ${describe(value)}`
    return { name: "Error", message, fields: {}, remoteStack: "", thrown: value }
  }
  const { cause, errors, fields, message, name, stack } = encoded
  return {
    name,
    message,
    fields,
    remoteStack: stack,
    ...(cause ? { cause: decodeError(cause, source) } : {}),
    ...(errors ? { errors: errors.map((error) => decodeError(error, source)) } : {}),
  }
}
