import { writeFile } from "node:fs/promises"
import { build } from "esbuild"
import { defineConfig, type Options } from "tsup"
import { base, workerUrls } from "../../tsup.base.ts"

// What an agent starts with must start fast and stand alone: one file that holds the runner and the kernel, no `effect`.
const bundle = async (entry: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [`src/${entry}.ts`],
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

const agents = Promise.all([bundle("multifiber-thread"), bundle("multifiber-process")]).then(
  ([thread, process]) => ({ thread, process }),
)

/** A program bundled into one file has no such files beside it, so the library carries their text as well. */
const inlineAgents: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "inline-agents",
  setup(build) {
    build.onLoad({ filter: /\/src\/inlineAgents\.ts$/ }, async () => ({
      loader: "js",
      contents: `export const inlineAgents = ${JSON.stringify(await agents)}`,
    }))
  },
}

export default defineConfig({
  ...base("src/index.ts"),
  esbuildPlugins: [inlineAgents, workerUrls],
  onSuccess: async () => {
    for (const [kind, text] of Object.entries(await agents)) {
      await writeFile(`dist/multifiber-${kind}.js`, text)
    }
  },
})
