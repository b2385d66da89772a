// Installs the dependencies with the pinned pnpm unless they are up to date. Called first by every npm script,
// so it uses nothing but Node; all output goes to stderr, which leaves stdout to the script.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const stamp = `${root}node_modules/.multifiber-stamp`

const inputs = () => [
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "package.json",
  "bench/package.json",
  "examples/package.json",
  ...readdirSync(`${root}packages`).map((name) => `packages/${name}/package.json`),
]

const fingerprint = () => {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`)
  for (const file of inputs()) {
    if (existsSync(root + file)) hash.update(file).update(readFileSync(root + file))
  }
  return hash.digest("hex")
}

// npm leaves .package-lock.json: a plain `npm install` went over pnpm's folder, whatever the stamp says.
const upToDate = (expected) =>
  existsSync(stamp) &&
  readFileSync(stamp, "utf8") === expected &&
  !existsSync(`${root}node_modules/.package-lock.json`)

/** The arguments with which npx runs the pinned pnpm. */
export const pnpm = (...args) => [
  "-y",
  JSON.parse(readFileSync(`${root}package.json`, "utf8")).packageManager,
  ...args,
]

export const bootstrap = () => {
  const expected = fingerprint()
  if (upToDate(expected)) return
  const { error, status, signal } = spawnSync("npx", pnpm("install", "--frozen-lockfile"), {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  })
  if (status !== 0) {
    console.error(`Cannot install the dependencies: ${error?.message ?? signal ?? `exit code ${status}`}`)
    process.exit(signal === "SIGINT" ? 130 : 1)
  }
  writeFileSync(stamp, expected)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) bootstrap()
