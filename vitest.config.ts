// One configuration for the three runtimes: `npm test` starts vitest in each of them.
import process from "node:process"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const isElsewhere = "Deno" in globalThis || "Bun" in globalThis
const knowsTypeScript = Object(process.features).typescript || isElsewhere

/** Where the runtime does not, it gets JavaScript. */
const plugins = knowsTypeScript ? [] : [(await import("./scripts/compiled.mjs")).compiled()]

/**
 * Begins with what takes longest, else it would run alone in the end: without the times of an earlier run vitest begins with the
 * largest files, and this one is small.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const rank = ({ moduleId }: TestSpecification) => (moduleId.endsWith("/explored.test.ts") ? 0 : 1)
    return (await super.sort(files)).toSorted((left, right) => rank(left) - rank(right))
  }
}

export default defineConfig({
  plugins,
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    pool: "forks",
    // On Node, files share a process: loading Effect and the library anew for each of them took a sixth of all time there.
    poolOptions: { forks: { minForks: 1, maxForks: 2, isolate: isElsewhere } },
    // External sources are imported by the runtime itself, with its own conditions and TypeScript loader.
    server: { deps: { external: [/\/packages\/[^/]+\/src\//] } },
    sequence: { sequencer: LongestFirst },
    ...(process.env.MULTIFIBER_REPEATS !== undefined && { runner: "./scripts/repeating.mjs" }),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
