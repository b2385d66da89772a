// What a module loads before it runs: its static imports, followed into the packages but for `effect`'s.
import { realpathSync } from "node:fs"
import { resolve } from "node:path"
import { build } from "esbuild"

/** `imports`: what stays outside; `inputs`: the files that the module consists of, dynamic imports included. */
export const staticImports = async (file) => {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // a runtime loads what a bundler may drop on the word of `sideEffects: false`
    ignoreAnnotations: true,
    external: ["effect", "effect/*", "@effect/*"],
    outdir: "unwritten",
  })
  const { inputs, outputs } = metafile
  const reached = new Set()
  const visit = (path) => {
    if (reached.has(path)) return
    reached.add(path)
    for (const { path: next, kind } of outputs[path]?.imports ?? [])
      if (kind === "import-statement") visit(next)
  }
  // the targets of dynamic imports are entry points as well
  visit(Object.keys(outputs).find((path) => resolve(outputs[path].entryPoint ?? "") === realpathSync(file)))
  return { imports: [...reached].filter((path) => !(path in outputs)), inputs: Object.keys(inputs) }
}
