/**
 * An adapter, made of what is special to its runtime.
 *
 * @since 0.1.0
 */
import { availableParallelism, cpus } from "node:os"
import process from "node:process"
import type * as Layer from "effect/Layer"
import {
  type Capabilities,
  type Platform,
  type PlatformService,
  layer as platformLayer,
  type StartAgent,
} from "multifiber/Platform"
import { type ArgumentsFor, makeStartProcess } from "./OsProcesses.ts"
import { sockets } from "./Sockets.ts"
import { makeHold, startThread } from "./WorkerThreads.ts"

/**
 * What makes a runtime different from the others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Traits {
  readonly runtime: PlatformService["runtime"]
  /** The URL of the module that makes the layer. */
  readonly module: string
  /** The program runs on this runtime. */
  readonly isHere: () => boolean
  readonly capabilities: Capabilities
  readonly argumentsFor: ArgumentsFor
}

/**
 * Makes the layer of a runtime. On another runtime, what it starts fails with `StartFailed`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = ({
  argumentsFor,
  capabilities,
  isHere,
  module,
  runtime,
}: Traits): Layer.Layer<Platform> =>
  platformLayer(() => {
    const here = (start: StartAgent): StartAgent =>
      isHere()
        ? start
        : () => {
            throw new Error(`this is not ${runtime}: use the layer of @multifiber/platform`)
          }
    return {
      runtime,
      cpuCount: Math.max(1, cpus().length),
      cores: availableParallelism(),
      pid: process.pid,
      capabilities,
      startThread: here(startThread),
      startProcess: here(makeStartProcess(argumentsFor)),
      sockets,
      ...makeHold(),
    }
  }, module)
