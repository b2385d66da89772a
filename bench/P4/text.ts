import { Main } from "@multifiber/platform"
import { countWords } from "../../examples/quickstart/words.ts"
import { compare } from "./compare.ts"
import { batches, installedPackages } from "./corpus.ts"
import { overItems } from "./items.ts"

/** Sources of the installed packages, counted by the task of the quickstart. */
const sources = () =>
  batches(installedPackages(), {
    name: /\.(ts|js|md)$/,
    maxFileBytes: 150_000,
    batchBytes: 150_000,
    maxBytes: 12_000_000,
  })

Main.run(
  import.meta,
  compare(() =>
    overItems("text", countWords, sources(), (results) => {
      const total = results.reduce((sum, { counts }) => counts.reduce((sum, count) => sum + count, sum), 0)
      if (total < 100_000) throw new Error(`there are ${total} words only`)
    }),
  ),
)
