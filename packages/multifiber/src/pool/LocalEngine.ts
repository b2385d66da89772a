/** Runs the jobs of a pool by workers of this agent. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { orElseAfter } from "../agent/Watched.ts"
import { PoolStillRunning, type StartFailed } from "../Errors.ts"
import type { PlatformService } from "../Platform.ts"
import type { Statistics, Trace } from "../Pool.ts"
import { Dispatcher, type DispatcherOptions } from "./Dispatcher.ts"
import type { Engine } from "./Engine.ts"
import { traceOf } from "./trace.ts"

/** How long an ended worker may take to be reported, before its pool gives up on it. */
const LAST_WAIT = Duration.seconds(5)

export class LocalEngine implements Engine {
  readonly submitter: Dispatcher
  readonly callSites: boolean
  private readonly platform: PlatformService
  private readonly settings: DispatcherOptions

  constructor(platform: PlatformService, settings: DispatcherOptions, callSites: boolean) {
    this.platform = platform
    this.settings = settings
    this.callSites = callSites
    this.submitter = new Dispatcher(platform, settings)
  }

  /** Waits until every worker is ready; where one does not start, until the others have ended. */
  readonly started: Effect.Effect<void, StartFailed> = Effect.suspend(() => {
    const { submitter } = this
    return Effect.flatMap(
      submitter.until(() => submitter.crew.isReady || submitter.state._tag === "failed"),
      () =>
        submitter.state._tag === "failed"
          ? Effect.zipRight(this.ended, Effect.fail(submitter.state.error as StartFailed))
          : Effect.void,
    )
  })

  /** Waits for the end of the workers that were told to end: within the grace period, then by force. */
  readonly ended: Effect.Effect<void> = Effect.suspend(() => {
    const { submitter } = this
    const gone = submitter.until(() => submitter.crew.isGone)
    return Effect.zipRight(
      orElseAfter(gone, Duration.millis(this.settings.grace), () => submitter.crew.kill()),
      orElseAfter(gone, LAST_WAIT, () => {}),
    )
  })

  readonly places = Effect.sync(() => this.submitter.crew.workers.map(({ place }) => place))

  readonly statistics: Effect.Effect<Statistics> = Effect.sync(() => {
    const { counts, crew, state, unsent } = this.submitter
    return {
      status: state._tag,
      queued: unsent,
      ...counts,
      ...crew.counts,
      abandoned: crew.abandoned,
      workers: crew.workers.map((worker) => worker.statistics),
    }
  })

  readonly progress: Stream.Stream<Statistics> = Stream.unfoldEffect(-1, (seen) => {
    const { submitter } = this
    return submitter.when(this.platform, () => {
      const { version } = submitter
      if (version !== seen)
        return Effect.map(this.statistics, (statistics) => Option.some([statistics, version] as const))
      return submitter.crew.isGone && submitter.state._tag !== "running"
        ? Effect.succeed(Option.none())
        : undefined
    })
  })

  readonly trace: Effect.Effect<Trace> = Effect.sync(() =>
    traceOf(this.settings.recorder?.trace ?? [], this.platform.pid),
  )

  readonly close = Effect.sync(() => this.submitter.close())

  readonly terminate = Effect.sync(() => this.submitter.terminate())

  readonly join = Effect.suspend((): Effect.Effect<void, PoolStillRunning> => {
    const { submitter } = this
    if (submitter.state._tag === "running") return Effect.fail(new PoolStillRunning())
    return Effect.zipRight(
      submitter.until(() => submitter.isDrained),
      this.ended,
    )
  })
}
