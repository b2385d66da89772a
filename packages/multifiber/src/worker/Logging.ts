/** What an agent logs, on its way to its starter. Loads nothing: plain tasks log by `console`. */
import type { Port } from "../Runner.ts"
import { describe, type EncodedError, encodeError } from "../wire/EncodedError.ts"
import { type FromAgent, type LogRecord, Op } from "../wire/Protocol.ts"

/** The methods of `console` that log; the others print, on the agent's own streams. */
export type ConsoleMethod = "debug" | "log" | "info" | "warn" | "error"

const LEVELS: Readonly<Record<ConsoleMethod, readonly [LogRecord["level"], number]>> = {
  debug: ["Debug", 10_000],
  log: ["Info", 20_000],
  info: ["Info", 20_000],
  warn: ["Warning", 30_000],
  error: ["Error", 40_000],
}

/** Sends a record; where a value in it cannot be sent, its text. */
export const post = (port: Pick<Port, "post">, record: LogRecord): void => {
  const send = (record: LogRecord) => port.post({ op: Op.Log, record } satisfies FromAgent)
  try {
    send(record)
  } catch {
    send({
      ...record,
      messages: record.messages.map(plain),
      errors: record.errors.map(plain),
      annotations: record.annotations.map(([key, value]) => [key, describe(value)]),
    })
  }
}

const plain = (encoded: EncodedError): EncodedError =>
  encoded.kind === "error" ? { ...encoded, fields: {} } : { kind: "value", value: describe(encoded.value) }

/** Sends what the agent writes to its console, from a level on. */
export const forwardConsole = (port: Pick<Port, "post" | "takeConsole">, minimum: number): void =>
  port.takeConsole((method, text) => {
    const [level, ordinal] = LEVELS[method]
    if (ordinal < minimum) return
    post(port, { level, messages: [encodeError(text)], errors: [], annotations: [], spans: [] })
  })
