/**
 * Runs the effects of tasks inside an agent. The runner loads this module (and `effect` with it) when a task first needs
 * it: an agent that runs plain tasks never does.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as List from "effect/List"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Runtime from "effect/Runtime"
import * as Tracer from "effect/Tracer"
import { encodeError } from "../wire/EncodedError.ts"
import type { LogRecord, SpanId } from "../wire/Protocol.ts"

/** How an effect failed: every failure and defect of its cause, the decisive one first; none where it was interrupted. */
export class EffectFailure {
  readonly _tag = "~multifiber/EffectFailure"
  readonly errors: ReadonlyArray<unknown>
  constructor(cause: Cause.Cause<unknown>) {
    this.errors = [
      ...Chunk.toReadonlyArray(Cause.failures(cause)),
      ...Chunk.toReadonlyArray(Cause.defects(cause)),
    ]
  }
}

/** What becomes of the logs of effects, where they are not for the agent's own console. */
export interface Logging {
  readonly level: number
  readonly write: (record: LogRecord) => void
}

/** The default logger writes for the agent's starter, at the level that the starter wants. */
const logsOf = ({ level, write }: Logging): Layer.Layer<never> => {
  const logger = Logger.make<unknown, void>(({ annotations, cause, logLevel, message, spans }) =>
    write({
      level: logLevel._tag,
      messages: Arr.ensure(message).map(encodeError),
      errors: new EffectFailure(cause).errors.map(encodeError),
      annotations: HashMap.toEntries(annotations),
      spans: List.toArray(spans).map(({ label, startTime }) => [label, startTime] as const),
    }),
  )
  return Layer.merge(
    Logger.replace(Logger.defaultLogger, logger),
    Logger.minimumLogLevel(LogLevel.allLevels.find(({ ordinal }) => ordinal === level) ?? LogLevel.Info),
  )
}

export interface EffectRunner {
  /** Builds the layer of a module; rejects with `EffectFailure`. */
  readonly build: (url: string, layer: Layer.Layer<any, any, never>) => Promise<void>
  /** Runs an effect with the services of its module, in the caller's span; rejects with `EffectFailure`. */
  readonly run: (
    url: string,
    effect: Effect.Effect<unknown, unknown, any>,
    span: SpanId | undefined,
  ) => Promise<unknown>
  /** Interrupts what runs; does not wait for it. */
  readonly interrupt: () => void
  /** Interrupts what runs, then releases the layers, the newest first. */
  readonly dispose: () => Promise<void>
}

const settle = async <A>(exit: Promise<Exit.Exit<A, unknown>>): Promise<A> =>
  Exit.match(await exit, {
    onSuccess: (value) => value,
    onFailure: (cause) => {
      throw new EffectFailure(cause)
    },
  })

export const make = (logging: Logging | undefined): EffectRunner => {
  const logs = logging ? logsOf(logging) : Layer.empty
  const runtime = Effect.runSync(Effect.scoped(Layer.toRuntime(logs)))
  const runtimes = new Map<string, ManagedRuntime.ManagedRuntime<any, any>>()
  const running = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  return {
    build: async (url, layer) => {
      const managed = ManagedRuntime.make(Layer.provideMerge(layer, logs))
      runtimes.set(url, managed)
      await settle(Effect.runPromiseExit(Effect.asVoid(managed.runtimeEffect)))
    },
    run: (url, effect, span) => {
      const traced = span ? Effect.withParentSpan(effect, Tracer.externalSpan(span)) : effect
      const fiber =
        runtimes.get(url)?.runFork(traced) ??
        Runtime.runFork(runtime)(traced as Effect.Effect<unknown, unknown>)
      running.add(fiber)
      fiber.addObserver(() => running.delete(fiber))
      return settle(Effect.runPromise(Fiber.await(fiber)))
    },
    interrupt: () => {
      for (const fiber of running) fiber.unsafeInterruptAsFork(fiber.id())
    },
    dispose: async () => {
      await Effect.runPromise(Fiber.interruptAll(running))
      for (const runtime of [...runtimes.values()].reverse()) await runtime.dispose()
    },
  }
}
