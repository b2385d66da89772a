// Turns the examples of the documentation into programs: every ```ts block of a Markdown file and every `@example` of a
// source file. A block with a file name (```ts tasks.ts) is a file for the later blocks of the same document.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { linkModule, publicPackages } from "./packages.mjs"
import { root } from "./process.mjs"

// Git-ignored; not below node_modules, where no runtime takes TypeScript, nor in a dot folder, which tsc passes over.
export const folder = join(root, "out/doc-examples")

const list = (dir, ending) =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true })
        .filter((name) => name.endsWith(ending))
        .map((name) => join(dir, name))
    : []

const documents = () => {
  const packages = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name))
  const readmes = [root, ...packages].map((dir) => join(dir, "README.md")).filter((file) => existsSync(file))
  return [
    ...readmes,
    ...list(join(root, "docs"), ".md"),
    ...packages.flatMap((dir) => list(join(dir, "src"), ".ts")),
  ]
}

const lineOf = (text, index) => text.slice(0, index).split("\n").length

/** The blocks of a Markdown file: code, line, and the file name if the info string has one. */
const markdownBlocks = (text) =>
  [...text.matchAll(/^```ts(?:[ \t]+(\S+))?[ \t]*\n(.*?)^```[ \t]*$/gms)].map(
    ({ 1: name, 2: code, index }) => ({
      name,
      code,
      line: lineOf(text, index),
    }),
  )

/** The `@example` blocks of a source file, fenced or not. */
const jsdocBlocks = (text) =>
  [...text.matchAll(/^[ \t]*\* @example[ \t]*\n((?:[ \t]*\*(?!\/)(?! @\w).*\n)+)/gm)].map(
    ({ 1: body, index }) => ({
      name: undefined,
      code: body.replace(/^[ \t]*\* ?/gm, "").replace(/^```.*$/gm, ""),
      line: lineOf(text, index),
    }),
  )

/**
 * What the `// => value` comments say that a program prints, behind a `console.log` or on lines of their own, and whether every
 * `console.log` has such a comment.
 */
const expectations = (code) => {
  const expected = [...code.matchAll(/^(?:.*\bconsole\.log\(.*\) *)?\/\/ => ?(.*)$/gm)].map(([, value]) =>
    value.trim(),
  )
  return { expected, complete: expected.length === [...code.matchAll(/\bconsole\.log\(/g)].length }
}

// The runtimes print objects alike through `node:util`, but not through their own `console`.
const CONSOLE = `import { formatWithOptions } from "node:util"
console.log = (...args) => {
  process.stdout.write(\`\${formatWithOptions({ breakLength: Infinity }, ...args)}\\n\`)
}
export {}
`

const TSCONFIG = {
  extends: "../../tsconfig.base.json",
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
  include: ["."],
}

const prepareFolder = () => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "console.ts"), CONSOLE)
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG))
  for (const { folder: target, manifest } of publicPackages())
    linkModule(join(folder, "node_modules"), manifest.name, target)
}

/**
 * Writes the programs and returns them, and all their files: `main` is the file to run. Of named blocks those are programs that call
 * `Main.run`.
 */
export const extractExamples = () => {
  prepareFolder()
  const files = [join(folder, "console.ts")]
  const examples = []
  for (const document of documents()) {
    const text = readFileSync(document, "utf8")
    const named = new Map()
    for (const { name = "main.ts", code, line } of document.endsWith(".md")
      ? markdownBlocks(text)
      : jsdocBlocks(text)) {
      named.set(name, code)
      if (name !== "main.ts" && !code.includes("Main.run(")) continue
      const id = `${relative(root, document)}:${line}`
      const dir = join(folder, id.replaceAll(/[\\/:]/g, "-"))
      mkdirSync(dir)
      for (const [file, content] of named) {
        files.push(join(dir, file))
        writeFileSync(join(dir, file), file === name ? `import "../console.ts"; ${content}` : content)
      }
      examples.push({ id, main: join(dir, name), ...expectations(code) })
    }
  }
  return { examples, files }
}

/** What is wrong with the output of an example, if anything. */
export const compareOutput = ({ expected, complete }, stdout) => {
  const actual = stdout
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
  let found = 0
  for (const line of actual) if (line === expected[found]) found++
  if (found === expected.length && (!complete || actual.length === expected.length)) return undefined
  return `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`
}
