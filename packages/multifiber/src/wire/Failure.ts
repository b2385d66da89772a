/** Turns a failure of the wire into the error that the caller gets. */
import {
  EncodingFailed,
  InitializerFailed,
  ModuleNotLoaded,
  RemoteFailure,
  type TaskError,
  TaskInterrupted,
  TaskNotFound,
} from "../Errors.ts"
import * as Task from "../Task.ts"
import type { EncodedError } from "./EncodedError.ts"
import type { Failure } from "./Protocol.ts"

/** The error of a task: of its own type where its schema knows it. */
export const decodeFailure = (task: Task.Task.Any, failure: Failure): unknown => {
  const { name, url } = task
  switch (failure.kind) {
    case "typed":
      return decodeTyped(task, failure.value)
    case "raised":
      return decodeError(failure.error, `task "${name}" of ${url}`)
    case "encoding":
      return new EncodingFailed({
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

const decodeTyped = (task: Task.Task.Any, value: unknown): unknown => {
  try {
    return Task.codecOf(task)?.decodeError(value)
  } catch (cause) {
    return new EncodingFailed({ task: task.name, subject: "error", value: String(value), cause }) satisfies TaskError
  }
}

/** The remote error as a local one, with both stacks. */
export const decodeError = (encoded: EncodedError, source: string): RemoteFailure => {
  if (encoded.kind === "value") {
    const text = typeof encoded.value === "string" ? encoded.value : `a thrown value: ${String(encoded.value)}`
    return withStack(
      new RemoteFailure({
        name: "Error",
        message: text,
        fields: {},
        remoteStack: "",
        source,
        thrown: encoded.value,
      }),
    )
  }
  const { cause, errors, fields, message, name, stack } = encoded
  return withStack(
    new RemoteFailure({
      name,
      message,
      fields,
      remoteStack: stack,
      source,
      ...(cause ? { cause: decodeError(cause, source) } : {}),
      ...(errors ? { errors: errors.map((error) => decodeError(error, source)) } : {}),
    }),
  )
}

const withStack = (failure: RemoteFailure): RemoteFailure => {
  const frames = failure.stack?.split("\n").filter((line) => /^\s+at |@/.test(line)) ?? []
  const remote = failure.remoteStack || `${failure.name}: ${failure.message}`
  Object.defineProperty(failure, "stack", {
    value: [remote, `    at ${failure.source}`, ...frames].join("\n"),
    configurable: true,
    writable: true,
  })
  return failure
}
