// `npm run check [-- --only types,lint]`: all that has to hold for a change beside the tests.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { bootstrap } from "./bootstrap.mjs"
import { outdatedDenoJson } from "./deno-json.mjs"
import { compareOutput, folder as docsFolder, extractExamples } from "./doc-examples.mjs"
import { publicPackages } from "./packages.mjs"
import { makeReport, root, run, runOrThrow, toolScript } from "./process.mjs"
import { commandFor, RUNTIMES } from "./runtimes.mjs"

const tool = (packageName, command, ...args) =>
  runOrThrow(process.execPath, [toolScript(packageName, command), ...args], { minutes: 10 })

const sourcesOf = (name) =>
  readdirSync(join(root, "packages", name, "src"), { recursive: true })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(root, "packages", name, "src", file))

const withoutComments = (text) => text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/(^|\s)\/\/.*$/gm, "")

const runtimeNames = () => {
  const named = ["kernel", "multifiber"]
    .flatMap(sourcesOf)
    .filter((file) => /\b(Deno|Bun)\b[.?[]|["'`]node:/.test(withoutComments(readFileSync(file, "utf8"))))
  if (named.length > 0) throw new Error(named.map((file) => relative(root, file)).join("\n"))
}

const denoJson = () => {
  const outdated = outdatedDenoJson().map(({ file }) => relative(root, file))
  if (outdated.length > 0) throw new Error(`out of date, run \`npm run format\`:\n${outdated.join("\n")}`)
}

const denoTypes = () =>
  runOrThrow(commandFor("deno").command, [
    "check",
    ...publicPackages()
      .map(({ folder }) => join(folder, "src/index.ts"))
      .filter((file) => existsSync(file)),
  ])

const effectDiagnostics = async () => {
  const { stdout } = await tool(
    "@effect/language-service",
    "effect-language-service",
    ...["diagnostics", "--project", "tsconfig.json", "--strict", "--format", "text"],
  )
  // without its entry under `plugins` in tsconfig it checks nothing and is content
  if (/Checked 0 files/.test(stdout)) throw new Error(stdout)
}

/** The command of a program on a runtime; a Node that cannot strip types gets JavaScript. */
const commandsOf = async (programs) => {
  const compiled = process.features.typescript ? undefined : await import("./compiled.mjs")
  await compiled?.compile(programs)
  return (runtime, program) => {
    const { command, args } = commandFor(runtime)
    return compiled !== undefined && runtime === "node"
      ? [command, [compiled.compiledPath(program)]]
      : [command, [...args, program]]
  }
}

/** Runs each example on each runtime, two at a time. */
const docExamples = async () => {
  const { examples, files } = extractExamples()
  const types = await run(process.execPath, [toolScript("typescript", "tsc"), "-p", docsFolder])
  const programCommand = await commandsOf(files)
  const queue = examples.flatMap((example) => RUNTIMES.map((runtime) => ({ example, runtime })))
  const problems = types.code === 0 ? [] : [types.output]
  const runNext = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { example, runtime } = next
      const { code, timedOut, stdout, output } = await run(...programCommand(runtime, example.main), {
        minutes: 1,
      })
      const problem =
        code === 0 ? compareOutput(example, stdout) : `${timedOut ?? `exit code ${code}`}\n${output}`
      if (problem !== undefined) problems.push(`${example.id} on ${runtime}: ${problem}`)
    }
  }
  await Promise.all([runNext(), runNext()])
  if (problems.length > 0) throw new Error(problems.join("\n"))
  return `${examples.length} examples on ${RUNTIMES.join(", ")}`
}

const packTest = async () => {
  const { code } = await run(process.execPath, [join(root, "scripts/pack-test.mjs")], {
    inherit: true,
    minutes: 25,
  })
  if (code !== 0) throw new Error("see above")
}

/** The long ones first. */
const STEPS = {
  effect: effectDiagnostics,
  pack: packTest,
  docs: docExamples,
  types: () => tool("typescript", "tsc", "-p", "tsconfig.json", "--noEmit"),
  "type-tests": () => tool("tstyche", "tstyche"),
  "deno-types": denoTypes,
  imports: () =>
    tool(
      "dependency-cruiser",
      "depcruise",
      "--config",
      ".dependency-cruiser.mjs",
      "packages",
      "examples",
      "bench",
    ),
  lint: () => tool("@biomejs/biome", "biome", "check", "--error-on-warnings", "."),
  "runtime-names": runtimeNames,
  "deno-json": denoJson,
}

const USAGE = `Usage: npm run check [-- --only ${Object.keys(STEPS).join(",")}]`

const chosenSteps = (argv) => {
  if (argv.length === 0) return Object.keys(STEPS)
  const chosen = argv.length === 2 && argv[0] === "--only" ? argv[1].split(",") : []
  if (chosen.length === 0 || !chosen.every((name) => name in STEPS)) {
    console.error(USAGE)
    process.exit(2)
  }
  return chosen
}

const chosen = chosenSteps(process.argv.slice(2))
bootstrap()
const report = makeReport()
const takeSteps = async () => {
  for (let name = chosen.shift(); name !== undefined; name = chosen.shift()) {
    await report.step(name, STEPS[name])
  }
}
// Most of them keep one core busy.
await Promise.all([takeSteps(), takeSteps()])
report.finish()
