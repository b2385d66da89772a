// Strips types. What esbuild made of a source is kept: each worker thread has hooks of its own, and would start an esbuild of
// its own for the same files.
import { createHash } from "node:crypto"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { threadId } from "node:worker_threads"

const folder = new URL("../node_modules/.cache/ts-node20/", import.meta.url)

/** Raised whenever sources are transformed in another way. */
const VERSION = 1

const transformed = async (source, sourcefile) => {
  const { transform } = await import("esbuild")
  const { code } = await transform(source, {
    loader: "ts",
    format: "esm",
    target: "node20",
    sourcefile,
    sourcemap: "inline",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  })
  return code
}

/** Others may write the same at the same time: it is there whole or not at all. */
const keep = async (file, code) => {
  const draft = new URL(`${file}.${process.pid}.${threadId}`)
  await mkdir(folder, { recursive: true })
  await writeFile(draft, code)
  await rename(draft, file)
}

/**
 * Effect comes as CommonJS: each import of an ES module in each thread asks these hooks, and effect has thousands.
 * `require` does not, and a worker starts in two thirds of the time.
 */
export function resolve(specifier, context, next) {
  if (/^effect(\/|$)/.test(specifier)) return next(specifier, { ...context, conditions: ["node", "require"] })
  return next(specifier.replace("/effect/dist/esm/", "/effect/dist/cjs/"), context)
}

export async function load(url, context, next) {
  if (!url.startsWith("file:") || !url.split("?", 1)[0].endsWith(".ts")) return next(url, context)
  const sourcefile = fileURLToPath(url)
  const source = await readFile(sourcefile, "utf8")
  const key = createHash("sha256")
    .update(JSON.stringify([VERSION, sourcefile, source]))
    .digest("hex")
  const file = new URL(`${key}.js`, folder)
  let code = await readFile(file, "utf8").catch(() => undefined)
  if (code === undefined) {
    code = await transformed(source, sourcefile)
    await keep(file, code)
  }
  return { format: "module", source: code, shortCircuit: true }
}
