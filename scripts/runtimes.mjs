// Finds the three runtimes and says how each runs a TypeScript file from source.
import { statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

export const RUNTIMES = ["node", "deno", "bun"]

// The npm launchers of Deno and Bun are Node processes or stubs: signals would not reach the runtime, and Bun's does
// nothing before its install script ran. So take the binary itself: Bun's install script moves it into the launcher's
// folder, otherwise it lies in the platform package that the launcher depends on.
const native = (launcher, moved, file) => {
  const manifest = createRequire(import.meta.url).resolve(`${launcher}/package.json`)
  const require = createRequire(manifest)
  const candidates = [join(dirname(manifest), moved)]
  for (const name of Object.keys(require(manifest).optionalDependencies)) {
    try {
      candidates.push(join(dirname(require.resolve(`${name}/package.json`)), file))
    } catch {
      // that package is for another platform
    }
  }
  const binary = candidates.find((path) => statSync(path, { throwIfNoEntry: false })?.size > STUB_BYTES)
  if (binary === undefined) throw new Error(`Cannot find ${launcher} for ${process.platform}-${process.arch}`)
  return binary
}

const STUB_BYTES = 1_000_000
const exe = process.platform === "win32" ? ".exe" : ""

const onNode = !("Deno" in globalThis) && !("Bun" in globalThis)

/** The command, and the arguments that go before the name of the .ts file. */
export const commandFor = (runtime) => {
  switch (runtime) {
    case "node":
      return {
        command: onNode ? process.execPath : "node",
        args:
          onNode && process.features.typescript
            ? []
            : ["--import", new URL("./ts-node20.mjs", import.meta.url).href],
      }
    case "deno":
      return { command: native("deno", `deno${exe}`, `deno${exe}`), args: ["run", "-A"] }
    case "bun":
      return { command: native("bun", "bin/bun.exe", `bin/bun${exe}`), args: [] }
    default:
      throw new Error(`Unknown runtime ${JSON.stringify(runtime)}`)
  }
}

/** Takes `--runtime node,deno`, which may be repeated, out of the arguments; all three runtimes if it is absent. */
export const takeRuntimes = (argv, usage) => {
  const rest = []
  const names = []
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--runtime") names.push(...(argv[++i] ?? "").split(","))
    else if (argv[i].startsWith("--runtime=")) names.push(...argv[i].slice("--runtime=".length).split(","))
    // npm takes away the first one only
    else if (argv[i] !== "--") rest.push(argv[i])
  }
  const unknown = names.find((name) => !RUNTIMES.includes(name))
  if (unknown !== undefined) {
    console.error(`Unknown runtime ${JSON.stringify(unknown)}: use ${RUNTIMES.join(", ")}\n${usage}`)
    process.exit(2)
  }
  return { runtimes: names.length === 0 ? RUNTIMES : RUNTIMES.filter((name) => names.includes(name)), rest }
}
