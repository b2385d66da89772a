// Node binaries of other versions than the running one, from npm's binary packages; kept below node_modules/.cache.
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root, runOrThrow } from "./process.mjs"

const folder = join(root, "node_modules/.cache/node-versions")
const windows = process.platform === "win32"

/** The binary of a major version of Node; installs it where it is missing. */
export const nodeBinary = async (version) => {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath
  const name = `node-${version}`
  const binary = join(folder, "node_modules", name, windows ? "bin/node.exe" : "bin/node")
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    if (!existsSync(join(folder, "package.json"))) writeFileSync(join(folder, "package.json"), "{}")
    const spec = `${name}@npm:node-${windows ? "win" : process.platform}-${process.arch}@${version}`
    await runOrThrow("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", spec], {
      cwd: folder,
    })
  }
  return binary
}
