// `npm run pack-test`: builds and packs the public packages, and uses the tarballs as a stranger would: installed with
// npm outside of the repository, on every supported runtime, from files, from one-file bundles and compiled.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { bootstrap, pnpm } from "./bootstrap.mjs"
import { nodeBinary } from "./node-versions.mjs"
import { COMPILED_OUTPUT, COMPILER_OPTIONS, OUTPUT, SOURCES } from "./pack-sample.mjs"
import { publicPackages } from "./packages.mjs"
import { makeReport, root, run, runOrThrow, Skip, toolScript } from "./process.mjs"
import { commandFor, RUNTIMES } from "./runtimes.mjs"

const NODE_VERSIONS = ["20", "22", "24", "26"]

bootstrap()
const esbuild = await import("esbuild")
const { staticImports } = await import("./static-imports.mjs")
const deno = commandFor("deno").command
const bun = commandFor("bun").command
const packages = publicPackages()

const temp = mkdtempSync(join(tmpdir(), "multifiber-pack-"))
process.on("exit", () => rmSync(temp, { recursive: true, force: true }))
const folderNamed = (name) => {
  const folder = join(temp, name)
  mkdirSync(folder)
  return folder
}
const tarballs = folderNamed("tarballs")
const project = folderNamed("project")

const pack = async () => {
  for (const { folder } of packages) {
    await runOrThrow("npx", pnpm("pack", "--pack-destination", tarballs), { cwd: folder })
  }
}

const tarballOf = ({ manifest: { name, version } }) =>
  join(tarballs, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`)

const lintTarball = async (entry) => {
  const tarball = tarballOf(entry)
  await runOrThrow(process.execPath, [toolScript("publint", "publint"), "run", tarball, "--strict"])
  // attw sees one package alone and cannot follow `imports` into another; the installed project below can
  const ignored = entry.manifest.imports === undefined ? [] : ["--ignore-rules", "internal-resolution-error"]
  await runOrThrow(process.execPath, [
    toolScript("@arethetypeswrong/cli", "attw"),
    ...[tarball, "--profile", "esm-only", "--format", "ascii", ...ignored],
  ])
}

const install = async () => {
  const { devDependencies: versions } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const manifest = {
    private: true,
    type: "module",
    dependencies: {
      ...Object.fromEntries(packages.map((entry) => [entry.manifest.name, `file:${tarballOf(entry)}`])),
      effect: versions.effect,
      "@effect/platform": versions["@effect/platform"],
    },
    devDependencies: { typescript: versions.typescript, "@types/node": versions["@types/node"] },
  }
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest))
  for (const [file, source] of Object.entries(SOURCES)) writeFileSync(join(project, file), source)
  await runOrThrow("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund"], { cwd: project })
}

const compile = async (name, options) => {
  const compilerOptions = { ...COMPILER_OPTIONS, ...options }
  const config = join(project, `tsconfig.${name}.json`)
  writeFileSync(config, JSON.stringify({ compilerOptions, files: ["main.ts"] }))
  await runOrThrow(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "-p", config])
}

const installed = ({ manifest }) => join(project, "node_modules", manifest.name, "dist")

const urlTargets = (file) =>
  [...readFileSync(file, "utf8").matchAll(/new URL\("(\.[^"]*)", ?import\.meta\.url\)/g)].map(([, target]) =>
    join(dirname(file), target),
  )

const expectUrlTargets = () => {
  const files = packages.flatMap((entry) =>
    readdirSync(installed(entry)).map((file) => join(installed(entry), file)),
  )
  const targets = files.filter((file) => file.endsWith(".js")).flatMap(urlTargets)
  const missing = targets.filter((target) => !existsSync(target))
  if (targets.length === 0 || missing.length > 0)
    throw new Error(`missing of ${targets.length}: ${missing.join(", ")}`)
}

const expectNoEffect = async (file) => {
  const { imports } = await staticImports(join(project, "node_modules", file))
  const effect = imports.filter((path) => /^@?effect\b/.test(path))
  if (effect.length > 0) throw new Error(`imports ${effect.join(", ")}`)
}

const expectSelfContained = async (file) => {
  const { imports, inputs } = await staticImports(join(project, "node_modules", file))
  const others = imports.filter((path) => !path.startsWith("node:"))
  if (others.length > 0 || inputs.length !== 1) throw new Error(`needs ${[...others, ...inputs].join(", ")}`)
}

const expectOutput = async (command, args, cwd, output = OUTPUT) => {
  const { code, timedOut, stdout, stderr } = await run(command, args, { cwd, minutes: 1 })
  if (code === 0 && stdout === output && stderr === "") return
  throw new Error(`${timedOut ?? `exit code ${code}`}\nstdout: ${stdout}\nstderr: ${stderr}`)
}

const entry = "built/main.js"

/** How each runtime runs JavaScript. */
const COMMANDS = {
  node: [process.execPath],
  deno: [deno, "run", "-A", "--no-lock"],
  bun: [bun],
}

const runInstalled = ([command, ...args]) => expectOutput(command, [...args, entry], project)

/** Runs the program as one bundled file, alone in a folder. */
const runBundle = async (runtime) => {
  const folder = folderNamed(`bundle-${runtime}`)
  await esbuild.build({
    entryPoints: [join(project, entry)],
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: runtime === "node" ? [] : [runtime],
    outfile: join(folder, "main.mjs"),
  })
  const [command, ...args] = COMMANDS[runtime]
  await expectOutput(command, [...args, "main.mjs"], folder)
}

const runBunCompiled = async () => {
  const folder = folderNamed("compiled-bun")
  await runOrThrow(bun, ["build", "--compile", entry, "--outfile", join(folder, "app")], { cwd: project })
  await expectOutput(join(folder, "app"), [], folder, COMPILED_OUTPUT)
}

const runDenoCompiled = async () => {
  const folder = folderNamed("compiled-deno")
  const app = join(folder, "app")
  const { code, timedOut, output } = await run(
    deno,
    ["compile", "-A", "--node-modules-dir=manual", "--no-lock", "--output", app, entry],
    { cwd: project, minutes: 2 },
  )
  if (timedOut !== undefined || /denort|dl\.deno\.land/.test(output)) {
    throw new Skip("deno compile downloads its runtime, which cannot be reached from here")
  }
  if (code !== 0) throw new Error(output)
  await expectOutput(app, [], folder, COMPILED_OUTPUT)
}

const lockfileWithoutAddresses = () => {
  const lines = readFileSync(join(root, "pnpm-lock.yaml"), "utf8").split("\n")
  const bad = lines.filter((line) => /tarball:|https?:/.test(line))
  if (bad.length > 0) throw new Error(bad.join("\n"))
}

const report = makeReport()
/** A step without which the later ones mean nothing. */
const stepOrStop = async (name, body) => {
  if (await report.step(name, body)) return
  report.finish()
  process.exit()
}

await report.step("lockfile names no registry", lockfileWithoutAddresses)
await stepOrStop("build", () =>
  runOrThrow(process.execPath, [join(root, "scripts/build.mjs")], { minutes: 10 }),
)
await stepOrStop("pack", pack)
for (const entry of packages) {
  await report.step(`publint and attw ${entry.manifest.name}`, () => lintTarball(entry))
}
await stepOrStop("npm install of the tarballs", install)
await stepOrStop("types and build, NodeNext", () =>
  compile("nodenext", { module: "NodeNext", rewriteRelativeImportExtensions: true, outDir: "built" }),
)
await report.step("types, Bundler", () =>
  compile("bundler", {
    module: "ESNext",
    moduleResolution: "Bundler",
    allowImportingTsExtensions: true,
    noEmit: true,
  }),
)
await report.step("files named by new URL exist", expectUrlTargets)
await report.step("multifiber/Task loads without effect", () => expectNoEffect("multifiber/dist/Task.js"))
for (const kind of ["thread", "process"]) {
  await report.step(`the file of a ${kind} stands alone`, () =>
    expectSelfContained(`@multifiber/platform-shared/dist/multifiber-${kind}.js`),
  )
}
for (const version of NODE_VERSIONS) {
  await report.step(`installed on Node ${version}`, async () => runInstalled([await nodeBinary(version)]))
}
await report.step("installed on Deno", () => runInstalled([...COMMANDS.deno, "--node-modules-dir=manual"]))
await report.step("installed on Bun", () => runInstalled(COMMANDS.bun))
for (const runtime of RUNTIMES) await report.step(`one bundled file on ${runtime}`, () => runBundle(runtime))
await report.step("bun build --compile", runBunCompiled)
await report.step("deno compile", runDenoCompiled)
await report.step("JSR dry run", () =>
  runOrThrow(deno, ["publish", "--dry-run", "--allow-dirty", "--allow-slow-types"]),
)
report.finish()
