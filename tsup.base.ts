// What the JavaScript builds of all packages share; `scripts/build.mjs` adds the declarations.
import { readFile } from "node:fs/promises"
import type { Options } from "tsup"

type Plugin = NonNullable<Options["esbuildPlugins"]>[number]

/** Points `new URL("./x.ts", import.meta.url)` at the built file; ".js" is as long as ".ts", so source maps stay right. */
export const workerUrls: Plugin = {
  name: "worker-urls",
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => ({
      loader: "ts",
      contents: (await readFile(path, "utf8")).replace(
        /new URL\("(\.[^"]*)\.ts", import\.meta\.url\)/g,
        'new URL("$1.js", import.meta.url)',
      ),
    }))
  },
}

export const base = (...entry: ReadonlyArray<string>): Options => ({
  entry: [...entry],
  format: ["esm"],
  platform: "node",
  target: "node20",
  // `#adapter` is resolved by the runtime's own conditions
  external: [/^#/],
  // Deno wants the prefix
  removeNodeProtocol: false,
  esbuildPlugins: [workerUrls],
  sourcemap: true,
  splitting: true,
  clean: true,
  silent: true,
})
