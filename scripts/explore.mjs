// `npm run explore [-- --short] [--json]`: every schedule of the primitives' scenarios, up to 3 preemptions, then the
// same with each seeded bug, which must be found. `--short` takes 2 preemptions and no bugs. With --json the last line of stdout is the
// result, and everything else goes to stderr. Exit code 1 where a schedule goes wrong or a bug is not found.
import { readFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { bootstrap } from "./bootstrap.mjs"

const USAGE = "Usage: npm run explore [-- --short] [--json]"

const parse = () => {
  try {
    return parseArgs({ options: { short: { type: "boolean" }, json: { type: "boolean" } } }).values
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`)
    process.exit(2)
  }
}

const sourceUrl = (file) => new URL(`../packages/kernel/src/${file}.ts`, import.meta.url)

/** The module with a bug in it: its imports are those of the original. */
const mutate = async (file, { find, name, replace }) => {
  const { transform } = await import("esbuild")
  const source = await readFile(sourceUrl(file), "utf8")
  if (source.split(find).length !== 2)
    throw new Error(`The text of the bug "${name}" must stand once in ${file}.ts`)
  const { code } = await transform(
    source.replace(find, () => replace),
    { loader: "ts", format: "esm" },
  )
  const absolute = code.replace(
    /from "(\.\/[^"]+)"/g,
    (_, path) => `from "${new URL(path, sourceUrl(file))}"`,
  )
  return import(`data:text/javascript,${encodeURIComponent(absolute)}`)
}

const { json = false, short = false } = parse()
const tell = (line) => (json ? console.error(line) : console.log(line))
bootstrap()
if (!process.features.typescript) await import("./ts-node20.mjs")
const { examineAll } = await import("../packages/testkit/src/explore.ts")
const load = (file) => import(sourceUrl(file).href)
const primitives = await examineAll(load, short ? { preemptions: 2, tell } : { mutate, tell })
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
