// `npm run pack-test`: builds and packs the public packages, and uses the tarballs as a stranger would: installed with
// npm outside of the repository, on every supported runtime, from files, from one-file bundles and compiled.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { bootstrap, pnpm } from "./bootstrap.mjs"
import { COMPILER_OPTIONS, OUTPUT, SOURCES } from "./pack-sample.mjs"
import { publicPackages } from "./packages.mjs"
import { makeReport, root, run, runOrThrow, Skip, toolScript } from "./process.mjs"
import { commandFor, RUNTIMES } from "./runtimes.mjs"

const NODE_VERSIONS = ["20", "22", "24", "26"]

bootstrap()
const esbuild = await import("esbuild")
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

const versionOf = (name) => readJson(join(root, "packages/platform-shared/package.json")).devDependencies[name]
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"))

const install = async () => {
  const { devDependencies: tools } = readJson(join(root, "package.json"))
  const manifest = {
    private: true,
    type: "module",
    dependencies: {
      ...Object.fromEntries(packages.map((entry) => [entry.manifest.name, `file:${tarballOf(entry)}`])),
      effect: versionOf("effect"),
      "@effect/platform": versionOf("@effect/platform"),
    },
    devDependencies: { typescript: tools.typescript, "@types/node": tools["@types/node"] },
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

const missingUrlTargets = () =>
  packages.flatMap((entry) =>
    readdirSync(installed(entry))
      .filter((file) => file.endsWith(".js"))
      .flatMap((file) => {
        const text = readFileSync(join(installed(entry), file), "utf8")
        return [...text.matchAll(/new URL\("(\.[^"]*)", ?import\.meta\.url\)/g)].map(([, target]) =>
          join(installed(entry), dirname(file), target),
        )
      })
      .filter((target) => !existsSync(target)),
  )

/** What a module of the installed packages imports before it runs: static imports only, followed through the packages. */
const staticImports = async (file) => {
  const { metafile } = await esbuild.build({
    entryPoints: [join(project, "node_modules", file)],
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    format: "esm",
    platform: "node",
    external: ["effect", "effect/*", "@effect/*"],
    outdir: temp,
  })
  const outputs = Object.entries(metafile.outputs)
  const reached = new Set()
  const visit = ([path, output]) => {
    reached.add(path)
    for (const { path: next, kind } of output.imports) {
      if (kind !== "import-statement" || reached.has(next)) continue
      if (next in metafile.outputs) visit([next, metafile.outputs[next]])
      else reached.add(next)
    }
  }
  visit(outputs.find(([, { entryPoint }]) => entryPoint?.endsWith(file)))
  return { imports: [...reached].filter((path) => !(path in metafile.outputs)), inputs: Object.keys(metafile.inputs) }
}

const expectNoEffect = async (file) => {
  const { imports } = await staticImports(file)
  const effect = imports.filter((path) => path.startsWith("effect") || path.startsWith("@effect/"))
  if (effect.length > 0) throw new Error(`imports ${effect.join(", ")}`)
}

const WORKER = "@multifiber/platform-shared/dist/multifiber-worker.js"

const expectSelfContained = async () => {
  const { imports, inputs } = await staticImports(WORKER)
  const others = imports.filter((path) => !path.startsWith("node:"))
  if (others.length > 0 || inputs.length !== 1) throw new Error(`needs ${[...others, ...inputs].join(", ")}`)
}

const nodeBinaries = join(root, "node_modules/.cache/node-versions")

/** The binary of a Node version: this process's own, or one of npm's binary packages. */
const nodeBinary = async (version) => {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath
  const platform = process.platform === "win32" ? "win" : process.platform
  const name = `node-${version}`
  const binary = join(nodeBinaries, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node")
  if (!existsSync(binary)) {
    mkdirSync(nodeBinaries, { recursive: true })
    if (!existsSync(join(nodeBinaries, "package.json"))) writeFileSync(join(nodeBinaries, "package.json"), "{}")
    const spec = `${name}@npm:node-${platform}-${process.arch}@${version}`
    await runOrThrow("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", spec], { cwd: nodeBinaries })
  }
  return binary
}

const expectOutput = async (command, args, cwd) => {
  const { code, timedOut, stdout, stderr } = await run(command, args, { cwd, minutes: 1 })
  if (code === 0 && stdout === OUTPUT && stderr === "") return
  throw new Error(`${timedOut ?? `exit code ${code}`}\nstdout: ${stdout}\nstderr: ${stderr}`)
}

const entry = "built/main.js"

const runInstalled = {
  deno: () => expectOutput(deno, ["run", "-A", "--node-modules-dir=manual", "--no-lock", entry], project),
  bun: () => expectOutput(bun, [entry], project),
}

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
  const { command, args } = { node: { command: process.execPath, args: [] }, deno: commandFor("deno"), bun: commandFor("bun") }[runtime]
  await expectOutput(command, [...args, join(folder, "main.mjs")], folder)
}

const runBunCompiled = async () => {
  const folder = folderNamed("compiled-bun")
  await runOrThrow(bun, ["build", "--compile", entry, "--outfile", join(folder, "app")], { cwd: project })
  await expectOutput(join(folder, "app"), [], folder)
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
  await expectOutput(app, [], folder)
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
await stepOrStop("build", () => runOrThrow(process.execPath, [join(root, "scripts/build.mjs")], { minutes: 10 }))
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
await report.step("files named by new URL exist", () => {
  const missing = missingUrlTargets()
  if (missing.length > 0) throw new Error(missing.map((file) => relative(project, file)).join("\n"))
})
await report.step("multifiber/Task loads without effect", () => expectNoEffect("multifiber/dist/Task.js"))
await report.step("the worker file stands alone", expectSelfContained)
for (const version of NODE_VERSIONS) {
  await report.step(`installed on Node ${version}`, async () => expectOutput(await nodeBinary(version), [entry], project))
}
await report.step("installed on Deno", runInstalled.deno)
await report.step("installed on Bun", runInstalled.bun)
for (const runtime of RUNTIMES) await report.step(`one bundled file on ${runtime}`, () => runBundle(runtime))
await report.step("bun build --compile", runBunCompiled)
await report.step("deno compile", runDenoCompiled)
await report.step("JSR dry run", () =>
  runOrThrow(deno, ["publish", "--dry-run", "--allow-dirty", "--allow-slow-types"]),
)
report.finish()
