/** A platform that notes what its agents do, around any other: for tests of what a program never sees. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  type AgentExit,
  type AgentHandle,
  Platform,
  type PlatformService,
  type StartAgent,
} from "multifiber/Platform"

export type AgentEvent = "message" | "messageError" | "exit" | "gone"

export interface RecordedAgent {
  readonly name: string
  readonly handle: AgentHandle
  readonly events: ReadonlyArray<AgentEvent>
  readonly exit: AgentExit | undefined
}

export interface Records {
  /** In the order of their starts. */
  readonly agents: ReadonlyArray<RecordedAgent>
  /** Holds less releases. */
  readonly holds: () => number
  /** Waits until a condition holds: looks now and after each event of an agent. */
  readonly until: (condition: () => boolean) => Effect.Effect<void>
}

export class Recorder extends Context.Tag("testkit/Recorder")<Recorder, Records>() {}

interface Watching {
  readonly condition: () => boolean
  readonly resume: (effect: Effect.Effect<void>) => void
}

const record = (
  platform: PlatformService,
): { readonly records: Records; readonly recorded: PlatformService } => {
  const agents: Array<RecordedAgent> = []
  const watching = new Set<Watching>()
  let holds = 0
  const changed = () => {
    for (const each of watching) {
      if (!each.condition()) continue
      watching.delete(each)
      each.resume(Effect.void)
    }
  }
  const recording =
    (start: StartAgent): StartAgent =>
    (name, listener, options) => {
      const events: Array<AgentEvent> = []
      let exit: AgentExit | undefined
      const note = <A extends ReadonlyArray<unknown>>(event: AgentEvent, tell: (...args: A) => void) => {
        return (...args: A) => {
          events.push(event)
          if (event === "exit") exit = args[0] as AgentExit
          tell(...args)
          changed()
        }
      }
      const handle = start(
        name,
        {
          onMessage: note("message", listener.onMessage),
          onMessageError: note("messageError", listener.onMessageError),
          onExit: note("exit", listener.onExit),
          onGone: note("gone", listener.onGone),
        },
        options,
      )
      agents.push({
        name,
        handle,
        events,
        get exit() {
          return exit
        },
      })
      return handle
    }
  const until = (condition: () => boolean): Effect.Effect<void> =>
    Effect.async((resume) => {
      if (condition()) return resume(Effect.void)
      const watcher = { condition, resume }
      watching.add(watcher)
      return Effect.sync(() => watching.delete(watcher))
    })
  return {
    records: { agents, holds: () => holds, until },
    recorded: {
      ...platform,
      startThread: recording(platform.startThread),
      startProcess: recording(platform.startProcess),
      startReserved: recording(platform.startReserved),
      hold: () => {
        holds++
        platform.hold()
      },
      release: () => {
        holds--
        platform.release()
      },
    },
  }
}

/** The layer of a platform with a recorder around it. */
export const layer = (platform: Layer.Layer<Platform>): Layer.Layer<Platform | Recorder> =>
  Layer.effectContext(
    Effect.map(Platform, (service) => {
      const { recorded, records } = record(service)
      return Context.make(Platform, recorded).pipe(Context.add(Recorder, records))
    }),
  ).pipe(Layer.provide(platform))
