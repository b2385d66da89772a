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

/** The most links of a chain of causes, and the most errors of one tree: a ring of them has no end. */
const MOST_LINKS = 16
const MOST_ERRORS = 256

/** A short text for any value, even one that throws when it is looked at. */
export const describe = (value: unknown): string => {
  try {
    const text = typeof value === "function" ? `function ${value.name || "(anonymous)"}` : String(value)
    return text.length > 200 ? `${text.slice(0, 200)}…` : text
  } catch {
    return `(${typeof value} that cannot be printed)`
  }
}

/** The value itself where it can be cloned, else its text. */
const cloneable = (value: unknown): unknown => {
  try {
    return structuredClone(value)
  } catch {
    return describe(value)
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

const ownFields = (error: Error): Record<string, unknown> => {
  const fields: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(error)) {
    if (!STANDARD.has(key)) fields[key] = cloneable(read(error, key))
  }
  return fields
}

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

/** Takes a thrown value apart. Never throws. */
export const encodeError = (thrown: unknown): EncodedError => {
  let left = MOST_ERRORS
  const encode = (value: unknown, depth: number): EncodedError => {
    left--
    return value instanceof Error ? encodeInstance(value, depth) : { kind: "value", value: cloneable(value) }
  }
  const encodeInstance = (error: Error, depth: number): EncodedError => {
    const goesOn = () => left > 0 && depth < MOST_LINKS
    const cause = read(error, "cause")
    const errors = error instanceof AggregateError ? read(error, "errors") : undefined
    return {
      kind: "error",
      name: text(read(error, "name")),
      message: text(read(error, "message")),
      stack: withoutRunner(text(read(error, "stack"))),
      fields: ownFields(error),
      ...(cause !== undefined && goesOn() ? { cause: encode(cause, depth + 1) } : {}),
      ...(Array.isArray(errors)
        ? { errors: errors.flatMap((each) => (goesOn() ? [encode(each, depth + 1)] : [])) }
        : {}),
    }
  }
  try {
    return encode(thrown, 0)
  } catch {
    return { kind: "value", value: describe(thrown) }
  }
}
