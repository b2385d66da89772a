// One configuration for the three runtimes: `npm test` starts vitest in each of them.
import process from "node:process"
import { defineConfig } from "vitest/config"

const knowsTypeScript = Object(process.features).typescript || "Deno" in globalThis || "Bun" in globalThis

/** Where the runtime does not, it gets JavaScript. */
const plugins = knowsTypeScript ? [] : [(await import("./scripts/compiled.mjs")).compiled()]

export default defineConfig({
  plugins,
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    pool: "forks",
    poolOptions: { forks: { minForks: 1, maxForks: 2 } },
    // External sources are imported by the runtime itself, with its own conditions and TypeScript loader.
    server: { deps: { external: [/\/packages\/[^/]+\/src\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
