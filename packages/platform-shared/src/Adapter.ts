/**
 * An adapter, made of what is special to its runtime.
 *
 * @since 0.1.0
 */
import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Capabilities, Platform, type PlatformService } from "multifiber/Platform"
import { makeHold, startThread } from "./WorkerThreads.ts"

/**
 * What makes a runtime different from the others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Traits {
  readonly runtime: PlatformService["runtime"]
  /** The program runs on this runtime. */
  readonly isHere: () => boolean
  readonly capabilities: Capabilities
}

/**
 * Makes the layer of a runtime. On another runtime, what it starts fails with `StartFailed`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = ({ capabilities, isHere, runtime }: Traits): Layer.Layer<Platform> =>
  Layer.effect(
    Platform,
    Effect.sync(() => ({
      runtime,
      cores: availableParallelism(),
      capabilities,
      startThread: isHere()
        ? startThread
        : () => {
            throw new Error(`this is not ${runtime}: use the layer of @multifiber/platform`)
          },
      ...makeHold(),
    })),
  )
