/**
 * Errors as plain data. Structured clone loses an error's class everywhere, its own fields and its cause on some
 * runtimes, so what was thrown travels as a record. Loads nothing: workers of plain tasks use it.
 */

/** A thrown value: an error taken apart, or any other value. */
export type EncodedError =
  | {
      readonly kind: "error"
      readonly name: string
      readonly message: string
      readonly stack: string
      readonly fields: Readonly<Record<string, unknown>>
      readonly cause?: EncodedError
      readonly errors?: ReadonlyArray<EncodedError>
    }
  | { readonly kind: "value"; readonly value: unknown }

const MAX_DEPTH = 16

/** The value itself where it can be cloned, else what it prints as. */
const cloneable = (value: unknown): unknown => {
  if (
    value === null ||
    (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")
  ) {
    return value
  }
  try {
    return structuredClone(value)
  } catch {
    return describe(value)
  }
}

/** A short text for a value that may itself throw when it is printed. */
export const describe = (value: unknown): string => {
  try {
    const text = typeof value === "function" ? `function ${value.name || "(anonymous)"}` : String(value)
    return text.length > 200 ? `${text.slice(0, 200)}…` : text
  } catch {
    return Object.prototype.toString.call(value)
  }
}

const read = (error: object, key: string): unknown => {
  try {
    return (error as Record<string, unknown>)[key]
  } catch (thrown) {
    return `(getter threw ${describe(thrown)})`
  }
}

const text = (value: unknown): string => (typeof value === "string" ? value : describe(value ?? ""))

const STANDARD = new Set(["name", "message", "stack", "cause", "errors"])

/**
 * Cuts the frames of the runner, which is bundled into one file with this module; that file's name may be its whole text
 * as a data URL.
 */
const withoutRunner = (stack: string): string => {
  const { href, pathname, protocol } = new URL(import.meta.url)
  const file = protocol === "file:" ? pathname : href
  return stack
    .split("\n")
    .filter((line) => !line.includes(file))
    .join("\n")
}

/** Takes a thrown value apart. Never throws; a chain of causes is cut after 16 links. */
export const encodeError = (thrown: unknown, depth = 0): EncodedError => {
  if (!(thrown instanceof Error)) return { kind: "value", value: cloneable(thrown) }
  const fields: Record<string, unknown> = {}
  for (const key of Object.keys(thrown)) {
    if (!STANDARD.has(key)) fields[key] = cloneable(read(thrown, key))
  }
  const errors = thrown instanceof AggregateError ? (thrown.errors as ReadonlyArray<unknown>) : undefined
  const nested = depth < MAX_DEPTH
  return {
    kind: "error",
    name: text(read(thrown, "name")),
    message: text(read(thrown, "message")),
    stack: withoutRunner(text(read(thrown, "stack"))),
    fields,
    ...(nested && "cause" in thrown && thrown.cause !== undefined
      ? { cause: encodeError(thrown.cause, depth + 1) }
      : {}),
    ...(nested && errors ? { errors: errors.map((error) => encodeError(error, depth + 1)) } : {}),
  }
}
