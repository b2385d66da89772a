import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { RemoteFailure } from "../../src/Errors.ts"
import { describe as describeValue, type EncodedError, encodeError } from "../../src/wire/EncodedError.ts"
import { decodeError } from "../../src/wire/Failure.ts"

/** An error as it should arrive. */
interface Spec {
  readonly name: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause: Spec | { readonly value: unknown } | undefined
  readonly errors: ReadonlyArray<Spec> | undefined
}

const STANDARD = ["name", "message", "stack", "cause", "errors", "__proto__"]

const cloneable = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
})

const { spec } = fc.letrec<{ spec: Spec }>((tie) => ({
  spec: fc.record({
    name: fc.string(),
    message: fc.string(),
    fields: fc.dictionary(
      fc.string().filter((key) => !STANDARD.includes(key)),
      cloneable,
      { maxKeys: 4, noNullPrototype: true },
    ),
    cause: fc.option(fc.oneof({ depthSize: "small" }, fc.record({ value: cloneable }), tie("spec")), {
      nil: undefined,
    }),
    errors: fc.option(fc.array(tie("spec"), { maxLength: 2 }), { nil: undefined, depthSize: "small" }),
  }),
}))

const raise = ({ cause, errors, fields, message, name }: Spec): Error => {
  const reason = cause && ("value" in cause ? cause.value : raise(cause))
  const options = cause ? { cause: reason } : undefined
  const error = errors ? new AggregateError(errors.map(raise), message, options) : new Error(message, options)
  Object.defineProperty(error, "name", { value: name })
  return Object.assign(error, fields)
}

const expectSame = (encoded: EncodedError | undefined, expected: Spec): void => {
  if (encoded?.kind !== "error") throw new Error(`not an error: ${JSON.stringify(encoded)}`)
  expect(encoded).toMatchObject({ name: expected.name, message: expected.message })
  expect(encoded.stack).not.toBe("")
  expect(encoded.fields).toEqual(expected.fields)
  const { cause } = expected
  if (cause === undefined || ("value" in cause && cause.value === undefined))
    expect(encoded.cause).toBe(undefined)
  else if ("value" in cause) expect(encoded.cause).toEqual({ kind: "value", value: cause.value })
  else expectSame(encoded.cause, cause)
  expect(encoded.errors?.length).toBe(expected.errors?.length)
  expected.errors?.forEach((each, index) => {
    expectSame(encoded.errors?.[index], each)
  })
}

const expectSameFailure = (failure: unknown, expected: Spec): void => {
  expect(failure).toBeInstanceOf(RemoteFailure)
  const remote = failure as RemoteFailure
  expect(remote).toMatchObject({ name: expected.name, message: expected.message })
  expect(remote.fields).toEqual(expected.fields)
  if (expected.cause && !("value" in expected.cause)) expectSameFailure(remote.cause, expected.cause)
  expected.errors?.forEach((each, index) => {
    expectSameFailure(remote.errors?.[index], each)
  })
}

const sent = (thrown: unknown): EncodedError => structuredClone(encodeError(thrown))

const throwing = (): never => {
  throw new Error("hostile")
}

/** An error with a getter that throws. */
const withGetter = (key: string, error: Error = new Error("kept")): Error =>
  Object.defineProperty(error, key, { get: throwing, enumerable: true })

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable(new Error("gone"), {})
  revoke()
  return proxy
}

/** Values that fight back when they are looked at. */
const hostile: ReadonlyArray<readonly [string, () => unknown]> = [
  ...["name", "message", "stack", "cause", "field"].map(
    (key) => [`getter of ${key}`, () => withGetter(key)] as const,
  ),
  ["getter of errors", () => withGetter("errors", new AggregateError([]))],
  ["errors that are no array", () => Object.assign(new AggregateError([]), { errors: 7 })],
  ["name that is a symbol", () => Object.assign(new Error("kept"), { name: Symbol("name") })],
  ["message that is an object", () => Object.assign(new Error(), { message: Object.create(null) })],
  ["toString that throws", () => ({ toString: throwing, method: () => {} })],
  ["tag that throws", () => Object.defineProperty(() => {}, Symbol.toStringTag, { get: throwing })],
  [
    "field with a tag that throws",
    () =>
      Object.assign(new Error("kept"), {
        field: {
          toString: throwing,
          get [Symbol.toStringTag]() {
            return throwing()
          },
          method: () => {},
        },
      }),
  ],
  [
    "proxy that throws on every trap",
    () => new Proxy(new Error("kept"), new Proxy({}, { get: () => throwing })),
  ],
  ["revoked proxy", revoked],
  ["field that is a revoked proxy", () => Object.assign(new Error("kept"), { field: revoked() })],
  ["object that is no primitive", () => ({ toString: 1, valueOf: 1 })],
]

const count = (encoded: EncodedError): number =>
  encoded.kind === "value"
    ? 1
    : 1 +
      (encoded.cause ? count(encoded.cause) : 0) +
      (encoded.errors ?? []).reduce((sum, each) => sum + count(each), 0)

describe("EncodedError", () => {
  it("encodeError keeps name, message, own fields, causes and the members of an AggregateError", () => {
    fc.assert(fc.property(spec, (expected) => expectSame(sent(raise(expected)), expected)))
  })

  it("decodeError gives them all to the RemoteFailure", () => {
    fc.assert(
      fc.property(spec, (expected) =>
        expectSameFailure(decodeError(sent(raise(expected)), "here"), expected),
      ),
    )
  })

  it("encodeError keeps a thrown value that is no error", () => {
    fc.assert(
      fc.property(cloneable, (value) => {
        expect(sent(value)).toEqual({ kind: "value", value: structuredClone(value) })
        expect(decodeError(sent(value), "here").thrown).toEqual(structuredClone(value))
      }),
    )
  })

  it("encodeError keeps an own field named __proto__", () => {
    const error = Object.defineProperty(new Error("kept"), "__proto__", { value: { a: 1 }, enumerable: true })
    const encoded = sent(error)
    expect(encoded.kind === "error" && Object.entries(encoded.fields)).toEqual([["__proto__", { a: 1 }]])
  })

  it.each([
    ["a function", () => {}, "function (anonymous)"],
    ["a named function", function work() {}, "function work"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object with a method", { run: () => {} }, "[object Object]"],
  ])("encodeError replaces a field that cannot be cloned, %s, by its text", (_, field, text) => {
    const encoded = sent(Object.assign(new Error("kept"), { field, other: 1 }))
    expect(encoded).toMatchObject({ message: "kept", fields: { field: text, other: 1 } })
  })

  it.each(hostile)("encodeError never throws, not even for %s, nor does decodeError", (_, make) => {
    const encoded = sent(make())
    expect(decodeError(encoded, "here")).toBeInstanceOf(RemoteFailure)
  })

  it.each(hostile)("describe never throws, not even for %s", (_, make) => {
    expect(typeof describeValue(make())).toBe("string")
  })

  it("describe cuts long texts", () => {
    expect(describeValue("x".repeat(1000)).length).toBeLessThan(210)
  })

  it("encodeError cuts a chain of causes that is a ring", () => {
    const error: Error = new Error("ring")
    error.cause = new Error("other", { cause: error })
    expect(count(sent(error))).toBeLessThan(30)
  })

  it("encodeError stays small for an AggregateError that holds itself twice", () => {
    const error = new AggregateError([], "ring")
    error.errors.push(error, error)
    expect(count(encodeError(error))).toBeLessThan(1000)
  })
})
