// Makes a folder such as a user has: the built packages in node_modules, and beside them a folder's sources as JavaScript.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import ts from "typescript"
import { linkModule, publicPackages } from "./packages.mjs"
import { root, runOrThrow } from "./process.mjs"

/** The names in a node_modules folder, if there is one, scoped ones in full. */
const namesIn = (folder) =>
  (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
    if (name.startsWith(".")) return []
    return name.startsWith("@") ? readdirSync(join(folder, name)).map((each) => `${name}/${each}`) : [name]
  })

const write = (file, text) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

const installPackages = (modules) => {
  for (const { folder, manifest } of publicPackages()) {
    const target = join(modules, manifest.name)
    write(join(target, "package.json"), JSON.stringify({ ...manifest, ...manifest.publishConfig }))
    cpSync(join(folder, "dist"), join(target, "dist"), { recursive: true })
  }
}

const linkDependencies = (from, modules) => {
  for (const name of namesIn(from)) {
    if (!existsSync(join(modules, name))) linkModule(modules, name, join(from, name))
  }
}

const COMPILER_OPTIONS = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
}

const transpile = (from, to) => {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory() && entry.name !== "node_modules") transpile(source, target)
    if (!entry.isFile() || !entry.name.endsWith(".ts")) continue
    const { outputText } = ts.transpileModule(readFileSync(source, "utf8"), {
      compilerOptions: COMPILER_OPTIONS,
      fileName: entry.name,
    })
    write(target.replace(/\.ts$/, ".js"), outputText)
  }
}

const make = async (from) => {
  await runOrThrow(process.execPath, [join(root, "scripts/build.mjs")])
  const folder = mkdtempSync(join(tmpdir(), "multifiber-installed-"))
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  const modules = join(folder, "node_modules")
  installPackages(modules)
  linkDependencies(join(from, "node_modules"), modules)
  for (const each of publicPackages()) linkDependencies(join(each.folder, "node_modules"), modules)
  write(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  transpile(from, folder)
  return folder
}

let made

/** Builds the packages, and returns the new folder; it goes when this process ends. Once for all benchmarks. */
export const install = (from) => (made ??= make(from))
