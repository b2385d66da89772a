import { writeFile } from "node:fs/promises"
import { build } from "esbuild"
import { defineConfig, type Options } from "tsup"
import { base, workerUrls } from "../../tsup.base.ts"

// The worker's entry must start fast and stand alone: one file that holds the runner and the kernel, and no `effect`.
const bundleWorker = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: ["src/multifiber-worker.ts"],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    external: ["effect", "effect/*"],
  })
  return outputFiles.map(({ text }) => text).join("")
}

const worker = bundleWorker()

/** A program bundled into one file has no worker file beside it, so the library carries the worker's text as well. */
const inlineWorker: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "inline-worker",
  setup(build) {
    build.onLoad({ filter: /\/src\/inlineWorker\.ts$/ }, async () => ({
      loader: "js",
      contents: `export const inlineWorker = ${JSON.stringify(await worker)}`,
    }))
  },
}

export default defineConfig({
  ...base("src/index.ts"),
  esbuildPlugins: [inlineWorker, workerUrls],
  onSuccess: async () => writeFile("dist/multifiber-worker.js", await worker),
})
