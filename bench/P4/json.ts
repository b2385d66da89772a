import { readFileSync } from "node:fs"
import { Main } from "@multifiber/platform"
import * as Task from "multifiber/Task"
import { compare } from "./compare.ts"
import { batches, installedPackages } from "./corpus.ts"
import { overItems } from "./items.ts"

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

export interface Digest {
  readonly values: number
  readonly depth: number
  /** Of the text with sorted keys, and without white space. */
  readonly hash: number
}

export const { digests } = Task.module(import.meta.url, {
  digests: (paths: ReadonlyArray<string>): ReadonlyArray<Digest> =>
    paths.flatMap((path) => {
      const text = readFileSync(path, "utf8")
      try {
        return [digestOf(JSON.parse(text))]
      } catch {
        // configurations with comments
        return []
      }
    }),
})

function digestOf(document: Json): Digest {
  let values = 0
  let depth = 0
  const canonical = (value: Json, level: number): Json => {
    values++
    depth = Math.max(depth, level)
    if (Array.isArray(value)) return value.map((item: Json) => canonical(item, level + 1))
    if (typeof value !== "object" || value === null) return value
    const sorted = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
    return Object.fromEntries(sorted.map(([key, item]) => [key, canonical(item, level + 1)]))
  }
  const text = JSON.stringify(canonical(document, 1))
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return { values, depth, hash }
}

const documents = () =>
  batches(installedPackages(), {
    name: /\.json$/,
    maxFileBytes: 500_000,
    batchBytes: 200_000,
    maxBytes: 20_000_000,
  })

Main.run(
  import.meta,
  compare(() =>
    overItems("json", digests, documents(), (results) => {
      const all = results.flat()
      if (all.length < 100) throw new Error(`there are ${all.length} documents only`)
      if (!all.every(({ values }) => values > 0)) throw new Error("a document is empty")
    }),
  ),
)
