import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { RemoteFailure } from "../../src/Errors.ts"
import * as Task from "../../src/Task.ts"
import * as TaskSchema from "../../src/TaskSchema.ts"
import type { EncodedError } from "../../src/wire/EncodedError.ts"
import { decodeError, decodeFailure } from "../../src/wire/Failure.ts"
import type { Failure } from "../../src/wire/Protocol.ts"

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Number }) {}

const url = "file:///tasks.ts"
const { plain, typed } = Task.module(url, {
  plain: () => 1,
  typed: TaskSchema.make({ error: Odd }, () => 1),
})

const error: EncodedError = {
  kind: "error",
  name: "TypeError",
  message: "no",
  stack: "TypeError: no\n    at far (file:///far.ts:1:1)",
  fields: { code: 7 },
}
const remote = { _tag: "RemoteFailure", name: "TypeError", message: "no", fields: { code: 7 } }

const failures: ReadonlyArray<readonly [Failure, Task.Task.Any, object]> = [
  [{ kind: "raised", error }, plain, { ...remote, source: `task "plain" of ${url}` }],
  [{ kind: "typed", value: { _tag: "Odd", n: 3 } }, typed, new Odd({ n: 3 })],
  [
    { kind: "typed", value: { _tag: "Even" } },
    typed,
    { _tag: "EncodingFailed", subject: "error", task: "typed" },
  ],
  [{ kind: "typed", value: { toString: 1 } }, typed, { _tag: "EncodingFailed", subject: "error" }],
  [{ kind: "interrupted" }, plain, { _tag: "TaskInterrupted", task: "plain" }],
  [
    { kind: "encoding", subject: "result", value: "() => 1", error },
    plain,
    { _tag: "EncodingFailed", subject: "result", value: "() => 1", cause: remote },
  ],
  [{ kind: "notFound", reason: "gone" }, plain, { _tag: "TaskNotFound", task: "plain", url, reason: "gone" }],
  [{ kind: "notLoaded", error }, plain, { _tag: "ModuleNotLoaded", task: "plain", url, cause: remote }],
  [
    { kind: "initializer", url: "file:///other.ts", error },
    plain,
    { _tag: "InitializerFailed", url: "file:///other.ts", cause: remote },
  ],
]

describe("Failure", () => {
  it.each(failures)("decodeFailure of %j", (failure, task, expected) => {
    expect(decodeFailure(task, structuredClone(failure), "")).toMatchObject(expected)
  })

  it("decodeError continues the remote stack with the task and the frames of the caller", () => {
    const failure = decodeError(error, "task t", "\n    at near (file:///near.ts:2:2)")
    expect(failure).toBeInstanceOf(RemoteFailure)
    expect(failure.remoteStack).toBe(error.stack)
    expect(failure.stack?.split("\n")).toEqual([
      "TypeError: no",
      "    at far (file:///far.ts:1:1)",
      "    at task t",
      "    at near (file:///near.ts:2:2)",
    ])
  })

  it.each<{ readonly value: unknown }>([
    { value: "text" },
    { value: undefined },
    { value: null },
    { value: 42 },
    { value: { a: 1 } },
    { value: { toString: 1, valueOf: 1 } },
  ])("decodeError of the thrown value in %j keeps it", ({ value }) => {
    const failure = decodeError({ kind: "value", value }, "task t")
    expect(failure).toMatchObject({ name: "Error", remoteStack: "", thrown: value })
    expect(failure.message).not.toBe("")
  })
})
