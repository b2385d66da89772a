/**
 * How processes and pools start their agents: Python's start methods.
 *
 * @since 0.2.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Agent from "./Agent.ts"

/**
 * The start method of the fiber. Undefined where none was provided: then that of the agent counts, which is `thread`
 * unless `Context.setStartMethod` chose another, or the agent itself was started by another.
 *
 * @category services
 * @since 0.2.0
 */
export class StartMethod extends Context.Reference<StartMethod>()("multifiber/StartMethod", {
  defaultValue: (): Agent.StartMethod | undefined => undefined,
}) {}

/**
 * The start method that counts here.
 *
 * @internal
 */
export const startMethodOf: Effect.Effect<Agent.StartMethod> = Effect.map(
  StartMethod,
  (method) => method ?? Agent.state().chosen ?? "thread",
)
