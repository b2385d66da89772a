/** What the public modules export, held against their documentation. */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"

const folder = new URL("../src/", import.meta.url)
const modules = readdirSync(folder).filter((file) => file.endsWith(".ts"))

/** Names of values that are exported with a doc comment: public ones have a category, others are marked as internal. */
const documented = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/@(?:category|internal)\b[^/]*\*\/\nexport (?:const|class|function) (\w+)/g)].map(
    ([, name]) => name ?? "",
  )

describe("Exports", () => {
  for (const file of modules.filter((file) => file !== "index.ts")) {
    it(`FIN-09 ${file} exports what it documents, and nothing else`, async () => {
      const url = new URL(file, folder)
      const names = Object.keys(await import(url.href))
      expect(names.length).toBeGreaterThan(0)
      expect(documented(readFileSync(url, "utf8")).toSorted()).toEqual(names.toSorted())
    })
  }

  it("FIN-09 the main module has every public module of programs, and the errors", async () => {
    const main = await import("../src/index.ts")
    const { Runner: _forAdapters, ...others } = Object.fromEntries(
      modules.map((file) => [file.slice(0, -3), file]),
    )
    for (const name of Object.keys(others).filter((name) => name !== "index" && name !== "Errors")) {
      expect(main).toHaveProperty(name)
    }
    const errors = Object.keys(await import("../src/Errors.ts"))
    expect(Object.keys(main)).toEqual(expect.arrayContaining(errors))
  })
})
