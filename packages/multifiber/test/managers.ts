/** Managers that the tests of a file share, one for each start method: to start one takes most of a second. */
import { afterAll } from "@effect/vitest"
import { layer } from "@multifiber/platform"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Manager from "../src/Manager.ts"
import { StartMethod, startMethodOf } from "../src/StartMethod.ts"
import { within } from "./live.ts"

/** The one of the start method that counts, which is started when it is first asked for, and ends after the tests. */
export const shareManagers = (options: Manager.Options): Effect.Effect<Manager.Manager> => {
  const scope = Effect.runSync(Scope.make())
  const managers = new Map<string, Promise<Manager.Manager>>()
  afterAll(() => Effect.runPromise(within(20)(Scope.close(scope, Exit.void))), 30_000)
  return Effect.flatMap(startMethodOf, (startMethod) => {
    const starting = Manager.make(options).pipe(
      Effect.provide(layer),
      Effect.provideService(StartMethod, startMethod),
      Scope.extend(scope),
    )
    const manager = managers.get(startMethod) ?? Effect.runPromise(starting)
    managers.set(startMethod, manager)
    return Effect.promise(() => manager)
  })
}
