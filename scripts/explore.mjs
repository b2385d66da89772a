// `npm run explore [-- --only Mutex,Event] [--short] [--seed 1] [--json]`: every schedule of the primitives' scenarios, up to 3
// preemptions, and schedules at random of the deep ones; then the same with each seeded bug, which must be found. `--short` takes
// 2 preemptions, few schedules at random and no bugs. A schedule at random that goes wrong is told with its seed: `--seed` with it
// makes that schedule the first. With --json the last line of stdout is the result, and everything else goes to stderr. Exit code 1
// where a schedule goes wrong or a bug is not found.
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { bootstrap } from "./bootstrap.mjs"

const USAGE = "Usage: npm run explore [-- --only Mutex,Event] [--short] [--seed 1] [--json]"

const parse = () => {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        short: { type: "boolean" },
        seed: { type: "string" },
        json: { type: "boolean" },
      },
    }).values
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`)
    process.exit(2)
  }
}

const KERNEL = fileURLToPath(new URL("../packages/kernel/src/", import.meta.url))

/** The kernel with a bug in it. */
const mutate = async ({ file, find, name, replace }) => {
  const { build } = await import("esbuild")
  const path = `${KERNEL}${file}.ts`
  const source = await readFile(path, "utf8")
  if (source.split(find).length !== 2)
    throw new Error(`The text of the bug "${name}" must stand once in ${file}.ts`)
  const withBug = {
    name: "bug",
    setup(esbuild) {
      esbuild.onLoad({ filter: new RegExp(`/${file}\\.ts$`) }, () => ({
        loader: "ts",
        contents: source.replace(find, () => replace),
      }))
    },
  }
  const { outputFiles } = await build({
    entryPoints: [`${KERNEL}index.ts`],
    bundle: true,
    write: false,
    format: "esm",
    plugins: [withBug],
  })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
}

const { json = false, only, seed = "1", short = false } = parse()
if (!/^\d{1,9}$/.test(seed)) {
  console.error(`A seed is a whole number of at most nine digits\n${USAGE}`)
  process.exit(2)
}
const tell = (line) => (json ? console.error(line) : console.log(line))
bootstrap()
if (!process.features.typescript) await import("./ts-node20.mjs")
const { examineAll } = await import("../packages/testkit/src/explore.ts")
const options = {
  seed: Number(seed),
  tell,
  ...(short ? { preemptions: 2, runs: 100 } : { mutate }),
}
const primitives = await examineAll(only === undefined ? options : { ...options, only: only.split(",") })
if (primitives.length === 0) {
  console.error(`No primitive is called ${only}\n${USAGE}`)
  process.exit(2)
}
for (const { equivalent, name, survivors, violations, ...each } of primitives) {
  const { deepRuns, deepSteps, killed, mutants, schedules, states } = each
  const deep = deepRuns === 0 ? "" : `, ${deepRuns} runs at random, ${deepSteps} steps`
  tell(`${name}: ${schedules} schedules, ${states} states${deep}; ${killed} of ${mutants} bugs found`)
  for (const each of violations) tell(`  WRONG ${each}`)
  for (const each of survivors) tell(`  NOT FOUND ${each}`)
  for (const each of equivalent) tell(`  cannot be found: ${each.name}: ${each.reason}`)
}
if (json) {
  console.log(
    JSON.stringify({
      primitives: primitives.map(({ equivalent, survivors, ...each }) => ({
        ...each,
        violations: each.violations.length,
      })),
    }),
  )
}
process.exitCode = primitives.some(({ survivors, violations }) => survivors.length + violations.length > 0)
  ? 1
  : 0
