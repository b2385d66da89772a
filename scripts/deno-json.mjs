// Writes the deno.json of each public package from its package.json, for JSR: name, version, and `exports` without the
// wildcards that JSR does not know. Imports stay in package.json, which Deno reads too, except for `imports`: what they
// map has to be named with `npm:`. `npm run format` writes the files, `npm run check` tells when one is out of date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { publicPackages } from "./packages.mjs"

const moduleNames = (folder) =>
  existsSync(join(folder, "src"))
    ? readdirSync(join(folder, "src"))
        .filter((file) => file.endsWith(".ts") && file !== "index.ts")
        .map((file) => file.slice(0, -".ts".length))
    : []

const expand = (folder, [key, target]) => {
  if (target === null) return []
  if (!key.includes("*")) return [[key, target]]
  return moduleNames(folder).map((name) => [key.replace("*", name), target.replace("*", name)])
}

const contentOf = ({ folder, manifest }) => {
  const { name, version, license, exports, imports = {} } = manifest
  const content = {
    name: name.startsWith("@") ? name : `@${name}/${name}`,
    version,
    license,
    exports: Object.fromEntries(Object.entries(exports).flatMap((entry) => expand(folder, entry))),
    imports: Object.fromEntries(
      Object.entries(imports).map(([key, target]) => [key, `npm:${target.deno}@^${version}`]),
    ),
    publish: { include: ["src", "README.md", "deno.json"] },
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

/** The files whose content differs from `content`. */
export const outdatedDenoJson = () =>
  publicPackages()
    .map((entry) => ({ file: join(entry.folder, "deno.json"), content: contentOf(entry) }))
    .filter(({ file, content }) => !existsSync(file) || readFileSync(file, "utf8") !== content)

export const writeDenoJson = () => {
  for (const { file, content } of outdatedDenoJson()) writeFileSync(file, content)
}
