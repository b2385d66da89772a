// `npm run explore [-- --only Mutex,Event] [--short] [--json]`: every schedule of the primitives' scenarios, up to 3 preemptions, then the
// same with each seeded bug, which must be found. `--short` takes 2 preemptions and no bugs. With --json the last line of stdout is the
// result, and everything else goes to stderr. Exit code 1 where a schedule goes wrong or a bug is not found.
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { bootstrap } from "./bootstrap.mjs"

const USAGE = "Usage: npm run explore [-- --only Mutex,Event] [--short] [--json]"

const parse = () => {
  try {
    return parseArgs({
      options: { only: { type: "string" }, short: { type: "boolean" }, json: { type: "boolean" } },
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

const { json = false, only, short = false } = parse()
const tell = (line) => (json ? console.error(line) : console.log(line))
bootstrap()
if (!process.features.typescript) await import("./ts-node20.mjs")
const { examineAll } = await import("../packages/testkit/src/explore.ts")
const options = short ? { preemptions: 2, tell } : { mutate, tell }
const primitives = await examineAll(only === undefined ? options : { ...options, only: only.split(",") })
if (primitives.length === 0) {
  console.error(`No primitive is called ${only}\n${USAGE}`)
  process.exit(2)
}
for (const { equivalent, killed, mutants, name, schedules, states, survivors, violations } of primitives) {
  tell(`${name}: ${schedules} schedules, ${states} states; ${killed} of ${mutants} bugs found`)
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
