import process from "node:process"
import Table from "cli-table3"
import { Console } from "effect"
import type { Comparison } from "./compare.ts"
import type { Corpus } from "./corpus.ts"
import { formatCount, formatSeconds, formatSpeedup } from "./format.ts"
import type { Picture } from "./mandelbrot.ts"
import { limit } from "./primes.ts"
import type { WordStatistics } from "./words.ts"

export interface Summary {
  readonly runtime: "node" | "deno" | "bun"
  readonly workers: number
  readonly mandelbrot: Comparison<Picture>
  readonly primes: Comparison<number>
  readonly words: Comparison<WordStatistics>
  readonly corpus: Corpus
  /** Path of the written picture. */
  readonly picture: string
}

export const printSummary = (summary: Summary) => Console.log(`\n${table(summary)}\n\n${facts(summary)}`)

const table = ({ mandelbrot, primes, words, workers }: Summary): string => {
  const rows = new Table({
    head: ["Workload", "Serial", workers === 1 ? "1 worker" : `${workers} workers`, "Speed-up"],
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [] },
  })
  for (const { name, serialMs, poolMs, speedup } of [mandelbrot, primes, words]) {
    rows.push([name, formatSeconds(serialMs), formatSeconds(poolMs), formatSpeedup(speedup)])
  }
  return rows.toString()
}

const facts = ({ runtime, mandelbrot, primes, words, corpus, picture }: Summary): string => {
  const { width, height } = mandelbrot.result
  const { total, distinct, top } = words.result
  const megabytes = (corpus.bytes / 1e6).toFixed(1)
  const lines = {
    Runtime: `${runtime} ${version(runtime)}`,
    Picture: `${picture} (${width} × ${height})`,
    Primes: `${formatCount(primes.result)} below ${formatCount(limit)}`,
    Files: `${formatCount(corpus.files)} files of the installed packages, ${megabytes} MB`,
    Words: `${formatCount(total)}, of them ${formatCount(distinct)} distinct`,
    "Top words": top.map(([word, count]) => `${word} ${formatCount(count)}`).join(" · "),
  }
  return Object.entries(lines)
    .map(([name, line]) => name.padEnd(11) + line)
    .join("\n")
}

/** The times as JSON, for programs that read them. */
export const report = ({ runtime, workers, mandelbrot, primes, words, picture }: Summary): string => {
  const workloads = [mandelbrot, primes, words].map(({ name, serialMs, poolMs, speedup }) => ({
    name,
    serialMs,
    poolMs,
    speedup,
  }))
  return `${JSON.stringify({ runtime, version: version(runtime), workers, workloads, picture }, null, 2)}\n`
}

const version = (runtime: Summary["runtime"]) => process.versions[runtime]
