import { readFileSync } from "node:fs"
import * as Task from "multifiber/Task"
import type { Corpus } from "./corpus.ts"
import type { Workload } from "./workload.ts"

/** Word `i` of the lines of `words` was seen `counts[i]` times: one string and one typed array travel fast. */
export interface WordCounts {
  readonly words: string
  readonly counts: Uint32Array
}

/** Two letters or more; a camelCase name is several words. */
const wordPattern = /[A-Za-z][a-z]+/g

export const { countWords } = Task.module(import.meta.url, {
  countWords: (paths: ReadonlyArray<string>): WordCounts => {
    const counts = new Map<string, number>()
    for (const path of paths) {
      for (const match of readFileSync(path, "utf8").match(wordPattern) ?? []) {
        const word = match.toLowerCase()
        counts.set(word, (counts.get(word) ?? 0) + 1)
      }
    }
    return { words: [...counts.keys()].join("\n"), counts: Uint32Array.from(counts.values()) }
  },
})

export interface WordStatistics {
  readonly total: number
  readonly distinct: number
  readonly top: ReadonlyArray<readonly [word: string, count: number]>
}

export const words = (
  corpus: Corpus,
): Workload<[paths: ReadonlyArray<string>], WordCounts, WordStatistics> => ({
  name: "Word statistics",
  task: countWords,
  calls: corpus.batches.map((paths) => [paths]),
  merge: (parts) => {
    const counts = new Map<string, number>()
    let total = 0
    for (const part of parts) {
      part.words.split("\n").forEach((word, i) => {
        const count = part.counts[i] ?? 0
        counts.set(word, (counts.get(word) ?? 0) + count)
        total += count
      })
    }
    const top = [...counts].sort(([, a], [, b]) => b - a).slice(0, 10)
    return { total, distinct: counts.size, top }
  },
})
