import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Task from "../src/Task.ts"
import * as TaskSchema from "../src/TaskSchema.ts"

describe("Task", () => {
  it("module makes a task of each function: its URL, its name, and the function for a call here", () => {
    const tasks = Task.module("file:///m.ts", { one: () => 1, add: (a: number, b: number) => a + b })
    expect(Object.keys(tasks)).toEqual(["one", "add"])
    expect(tasks.add).toMatchObject({ url: "file:///m.ts", name: "add" })
    expect(tasks.add.run(1, 2)).toBe(3)
  })

  it("isTask tells tasks from everything else", () => {
    const { one } = Task.module("file:///is.ts", { one: () => 1 })
    expect(Task.isTask(one)).toBe(true)
    for (const other of [undefined, null, 1, "task", () => 1, {}, { url: "file:///is.ts", name: "one" }]) {
      expect(Task.isTask(other)).toBe(false)
    }
  })

  it("lookup finds what the agent has defined, and nothing else", () => {
    const { one } = Task.module("file:///lookup.ts", { one: () => 1 })
    const more = Task.module("file:///lookup.ts", { two: () => 2 })
    expect(Task.lookup("file:///lookup.ts", "one")).toBe(one)
    expect(Task.lookup("file:///lookup.ts", "two")).toBe(more.two)
    expect(Task.lookup("file:///lookup.ts", "three")).toBe(undefined)
    expect(Task.lookup("file:///lookup.ts", "toString")).toBe(undefined)
    expect(Task.lookup("file:///elsewhere.ts", "one")).toBe(undefined)
  })

  it("a name that is defined twice for one module is ambiguous, for good", () => {
    for (let time = 0; time < 3; time++) Task.module("file:///twice.ts", { same: () => time })
    expect(Task.lookup("file:///twice.ts", "same")).toBe("ambiguous")
  })

  it("codecOf is there for a task with schemas only", () => {
    const tasks = Task.module("file:///codec.ts", {
      plain: () => 1,
      checked: TaskSchema.make({ success: Schema.Number }, () => 1),
    })
    expect(Task.codecOf(tasks.plain)).toBe(undefined)
    expect(Task.codecOf(tasks.checked)?.encodeSuccess(1)).toBe(1)
    expect(tasks.checked.run()).toBe(1)
  })
})
