import { rmSync } from "node:fs"
import { defineConfig, type Options } from "tsup"
import { base } from "../../tsup.base.ts"

/** Leaves `Task` to a build of its own: every worker loads it, and each file more costs a worker's start half a millisecond. */
const taskAlone: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "task-alone",
  setup(build) {
    build.onResolve({ filter: /\/Task\.ts$/ }, () => ({ path: "./Task.js", external: true }))
  },
}

const others = base("src/*.ts", "!src/Task.ts")

rmSync("dist", { recursive: true, force: true })

export default defineConfig([
  { ...others, clean: false, esbuildPlugins: [...(others.esbuildPlugins ?? []), taskAlone] },
  { ...base("src/Task.ts"), clean: false },
])
