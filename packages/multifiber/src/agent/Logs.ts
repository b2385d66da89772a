/** The loggers of a fiber, for what its children log. */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as List from "effect/List"
import * as LogLevel from "effect/LogLevel"
import * as LogSpan from "effect/LogSpan"
import * as Runtime from "effect/Runtime"
import type { EncodedError } from "../wire/EncodedError.ts"
import { decodeError } from "../wire/Failure.ts"
import type { LogRecord } from "../wire/Protocol.ts"

export interface Logs {
  /** The lowest level that they want to hear. */
  readonly level: number
  readonly write: (record: LogRecord, source: { readonly process: string; readonly ident: number }) => void
}

/** Those of the running fiber, at its minimum level. */
export const logsOfCaller: Effect.Effect<Logs> = Effect.map(Effect.runtime<never>(), (runtime) => ({
  level: FiberRefs.getOrDefault(runtime.fiberRefs, FiberRef.currentMinimumLogLevel).ordinal,
  write: (record, source) => {
    Runtime.runFork(runtime)(log(record, source))
  },
}))

const log = (record: LogRecord, source: { readonly process: string; readonly ident: number }) => {
  const { annotations, errors, level, messages, spans } = record
  const decode = (value: EncodedError) => decodeError(value, `process "${source.process}"`)
  return Effect.logWithLevel(
    LogLevel.fromLiteral(level),
    ...messages.map((message) => (message.kind === "value" ? message.value : decode(message))),
    ...Arr.match(errors, {
      onEmpty: () => [],
      onNonEmpty: (errors) => [errors.map((error) => Cause.fail(decode(error))).reduce(Cause.parallel)],
    }),
  ).pipe(
    Effect.locally(
      FiberRef.currentLogSpan,
      List.fromIterable(spans.map(([label, startTime]) => LogSpan.make(label, startTime))),
    ),
    Effect.annotateLogs(Object.fromEntries(annotations)),
    // Outside: what a grandchild has logged keeps its own name.
    Effect.annotateLogs({ ...source }),
  )
}
