// `npm run build`: JavaScript and type declarations of every public package, in its dist folder.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { bootstrap } from "./bootstrap.mjs"
import { publicPackages } from "./packages.mjs"
import { makeReport, root, runOrThrow, toolScript } from "./process.mjs"

const types = join(root, "out/types")

// One run of tsc for all packages, because they import each other's sources. A bundler of declarations would be of no
// use: it breaks the variance annotations of what `export * as Pool` exports.
const emitDeclarations = async () => {
  rmSync(types, { recursive: true, force: true })
  await runOrThrow(process.execPath, [toolScript("typescript", "tsc"), "-p", "tsconfig.build.json"])
  for (const { folder } of publicPackages()) {
    const from = join(types, basename(folder), "src")
    for (const file of readdirSync(from, { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
      const target = join(folder, "dist", file)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, nameJavaScript(readFileSync(join(from, file), "utf8")))
    }
  }
}

/** Names the built files in the imports of a declaration file; what stands in comments keeps its names. */
const nameJavaScript = (text) =>
  text.replace(/^(?! *\*).*/gm, (line) => line.replace(/"(\.[^"]*)\.ts"/g, '"$1.js"'))

bootstrap()
const report = makeReport()
const queue = publicPackages()
const buildNext = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { folder, manifest } = next
    await report.step(`build ${manifest.name}`, async () => {
      await runOrThrow(process.execPath, [toolScript("tsup", "tsup")], { cwd: folder })
    })
  }
}
await Promise.all([buildNext(), buildNext()])
await report.step("declarations", emitDeclarations)
report.finish()
