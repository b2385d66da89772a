/** A program of the adapter suite: does it outlive its main module? Arguments: the adapter's module, and the way. */
import process from "node:process"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Platform } from "multifiber/Platform"
import * as Pool from "multifiber/Pool"

const [entry = "", way = ""] = process.argv.slice(2)
const { layer } = (await import(entry)) as { readonly layer: Layer.Layer<Platform> }
const platform = await Effect.runPromise(Effect.provide(Platform, layer))

const ways: Record<string, () => void | Promise<unknown>> = {
  held: () => platform.hold(),
  "held twice": () => {
    platform.hold()
    platform.hold()
    platform.release()
  },
  released: () => {
    platform.hold()
    platform.release()
  },
  "idle thread": () =>
    Effect.runPromise(
      Effect.flatMap(Scope.make(), (scope) => Scope.extend(Pool.make({ size: 1 }), scope)).pipe(
        Effect.provideService(Platform, platform),
      ),
    ),
}

/** Those that end at once never see it. */
const later = way.startsWith("held") ? 300 : 15_000

await ways[way]?.()
console.log("begin")
setTimeout(() => {
  console.log("later")
  platform.release()
}, later).unref()
