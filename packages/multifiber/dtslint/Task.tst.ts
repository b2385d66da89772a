import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Pool from "multifiber/Pool"
import * as Task from "multifiber/Task"
import * as TaskSchema from "multifiber/TaskSchema"
import { describe, expect, it } from "tstyche"

class Dictionary extends Context.Tag("Dictionary")<Dictionary, ReadonlySet<string>>() {}

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Number }) {}

const layer = Layer.succeed(Dictionary, new Set<string>())

const tasks = Task.module(import.meta.url, {
  plain: (n: number, text: string) => `${text}${n}`,
  later: async (n: number) => n > 0,
  effect: (n: number) => Effect.succeed([n]),
  half: TaskSchema.make({ payload: Schema.Tuple(Schema.Number), error: Odd }, (n) =>
    n % 2 === 0 ? Effect.succeed(n / 2) : Effect.fail(new Odd({ n })),
  ),
})

describe("Task.module", () => {
  it("types arguments and results of plain, async and Effect functions", () => {
    expect(tasks.plain).type.toBe<Task.Task<[n: number, text: string], string>>()
    expect(tasks.later).type.toBe<Task.Task<[n: number], boolean>>()
    expect(tasks.effect).type.toBe<Task.Task<[n: number], Array<number>>>()
  })

  it("asks for a layer where an effect needs services", () => {
    const needs = { has: (text: string) => Effect.map(Dictionary, (words) => words.has(text)) }
    expect(Task.module).type.not.toBeCallableWith(import.meta.url, needs)
    expect(Task.module).type.toBeCallableWith(import.meta.url, needs, { layer })
  })
})

describe("Pool", () => {
  const pool = {} as Pool.Pool

  it("refuses wrong arguments", () => {
    const text = Pool.apply(pool, tasks.plain, [1, "a"])
    expect<Effect.Effect.Success<typeof text>>().type.toBe<string>()
    expect(tasks.plain).type.not.toBeAssignableTo<Task.Task<[text: string, n: number], string>>()
    expect(tasks.later).type.not.toBeAssignableTo<Task.Task<[item: string], boolean>>()
    expect(tasks.plain).type.not.toBeAssignableTo<Task.Task<[item: number], string>>()
  })

  it("knows the errors of a task with an error schema, and no others", () => {
    const known = Pool.apply(pool, tasks.half, [1])
    expect<Extract<Effect.Effect.Error<typeof known>, { _tag: "Odd" }>>().type.toBe<Odd>()
    const unknown = Pool.apply(pool, tasks.effect, [1])
    expect<Extract<Effect.Effect.Error<typeof unknown>, { _tag: "Odd" }>>().type.toBe<never>()
  })
})
