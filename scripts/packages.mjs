// The packages of the workspace that get published.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./process.mjs"

export const publicPackages = () =>
  readdirSync(join(root, "packages"))
    .map((folder) => join(root, "packages", folder))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .filter(({ manifest }) => !manifest.private)
