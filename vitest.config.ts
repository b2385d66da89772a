// One configuration for the three runtimes: `npm test` starts vitest in each of them.
import { defineConfig } from "vitest/config"

const onNode = !("Deno" in globalThis) && !("Bun" in globalThis)

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    pool: "forks",
    poolOptions: {
      forks: {
        minForks: 1,
        maxForks: 2,
        // Every worker that a test starts inherits execArgv.
        execArgv: onNode ? ["--import", new URL("./scripts/ts-node20.mjs", import.meta.url).href] : [],
      },
    },
    // External sources are imported by the runtime itself, with its own conditions and TypeScript loader.
    server: { deps: { external: [/\/packages\/[^/]+\/src\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
