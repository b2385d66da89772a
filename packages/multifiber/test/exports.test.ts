/** What the public modules export, held against their documentation. */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"

const folder = new URL("../src/", import.meta.url)
const modules = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))

/** Names of values that are exported with a doc comment: public ones have a category, others are marked as internal. */
const documented = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/@(?:category|internal)\b[^/]*\*\/\nexport (?:const|class|function) (\w+)/g)].map(
    ([, name]) => name ?? "",
  )

describe("Exports", () => {
  for (const name of modules.filter((name) => name !== "index")) {
    it(`FIN-09 ${name}.ts exports what it documents, and nothing else`, async () => {
      const names = Object.keys(await import(`../src/${name}.ts`))
      expect(names.length).toBeGreaterThan(0)
      const source = readFileSync(new URL(`${name}.ts`, folder), "utf8")
      expect(documented(source).toSorted()).toEqual(names.toSorted())
    })
  }

  it("FIN-09 the main module has every public module of programs, and the errors", async () => {
    const main = await import("../src/index.ts")
    // `Runner` is for adapters.
    for (const name of modules.filter((name) => !["Runner", "index", "Errors"].includes(name))) {
      expect(main).toHaveProperty(name)
    }
    const errors = Object.keys(await import("../src/Errors.ts"))
    expect(Object.keys(main)).toEqual(expect.arrayContaining(errors))
  })
})
