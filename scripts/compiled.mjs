// JavaScript of all sources, for a Node that cannot strip types. There it could only run TypeScript with hooks, which every worker
// and every process that a program starts would set up anew, in a thread of their own.
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { basename, dirname, join, relative, resolve, sep } from "node:path"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"
import { root } from "./process.mjs"

/** Several runs may be at it at the same time. */
const folder = join(root, "out/compiled", String(process.pid))

/** The place of a source, or of a folder, among the compiled ones. */
export const compiledPath = (path) => join(folder, relative(root, path)).replace(/\.ts$/, ".js")

/** Tests are compiled by vitest, and those of types are not run. */
const isCompiled = (path) =>
  /^(packages|examples)\b.*\.ts$/.test(relative(root, path)) && !/\.(test|tst)\.ts$/.test(path)

const projects = () => [
  ...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name)),
  join(root, "examples"),
]

const filesIn = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !["node_modules", "dist"].includes(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesIn(path) : [path]
    })

/** The source that an import names. The packages say alike what they export. */
const sourceOf = (specifier, importer, packages) => {
  if (specifier.startsWith(".")) return resolve(dirname(importer), specifier)
  if (specifier === "#adapter") return sourceOf("@multifiber/platform-node", importer, packages)
  const name = packages.get(specifier) ? specifier : dirname(specifier)
  const project = packages.get(name)
  return project && join(project, "src", `${name === specifier ? "index" : basename(specifier)}.ts`)
}

const urls = /new URL\((["'`])(\.[^"'`]*)\.(m?[jt]s)\1, import\.meta\.url\)/g

/** Where a source names another file by its URL: a compiled one, or one that is not compiled, in its place. */
const nameCompiled = (code, path) =>
  code.replace(urls, (_, quote, name, kind) => {
    const [from, ending] = kind === "ts" ? [compiledPath(path), "js"] : [path, kind]
    return `new URL(${quote}${name}.${ending}${quote}, ${JSON.stringify(pathToFileURL(from).href)})`
  })

/** Compiles the projects, and the programs in other folders that use them. */
export const compile = async (programs = []) => {
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  const packages = new Map()
  for (const project of projects()) {
    const manifest = join(project, "package.json")
    packages.set(JSON.parse(readFileSync(manifest, "utf8")).name, project)
    cpSync(manifest, compiledPath(manifest))
    symlinkSync(join(project, "node_modules"), join(compiledPath(project), "node_modules"))
  }
  const entryPoints = [...[...packages.values()].flatMap(filesIn).filter(isCompiled), ...programs]
  const names = {
    name: "names",
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /.*/ }, ({ importer, kind, path }) => {
        if (kind === "entry-point") return undefined
        const source = sourceOf(path, importer, packages)
        if (source === undefined) return { path, external: true }
        const target = relative(dirname(compiledPath(importer)), compiledPath(source)).replaceAll(sep, "/")
        return { path: target.startsWith(".") ? target : `./${target}`, external: true }
      })
      onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        contents: nameCompiled(readFileSync(path, "utf8"), path),
        loader: "ts",
      }))
    },
  }
  await build({
    entryPoints,
    outdir: folder,
    outbase: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: [names],
  })
}

/**
 * A plugin of vitest, for which a source is the JavaScript that was compiled from it.
 *
 * @returns {Promise<import("vitest/config").Plugin>}
 */
export const compiled = async () => {
  await compile()
  return {
    name: "compiled",
    enforce: "pre",
    async resolveId(source, importer) {
      const found = await this.resolve(source, importer, { skipSelf: true })
      return found !== null && isCompiled(found.id) ? { ...found, id: compiledPath(found.id) } : found
    },
    transform: (code, path) =>
      path.endsWith(".test.ts") ? { code: nameCompiled(code, path), map: null } : undefined,
  }
}
