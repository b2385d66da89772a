// The packages of the workspace that get published.
import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { root } from "./process.mjs"

export const publicPackages = () =>
  readdirSync(join(root, "packages"))
    .map((folder) => join(root, "packages", folder))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .filter(({ manifest }) => !manifest.private)

/** Puts a link to a package into a node_modules folder. */
export const linkModule = (modules, name, target) => {
  const path = join(modules, name)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(realpathSync(target), path)
}
