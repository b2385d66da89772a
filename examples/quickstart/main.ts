import { join } from "node:path"
import process from "node:process"
import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { encode } from "fast-png"
import { Platform, Pool } from "multifiber"
import { compare } from "./compare.ts"
import { findCorpus } from "./corpus.ts"
import { makeFolder, writeFile } from "./files.ts"
import { mandelbrot } from "./mandelbrot.ts"
import { readOptions } from "./options.ts"
import { primes } from "./primes.ts"
import { printSummary, report, type Summary } from "./summary.ts"
import { words } from "./words.ts"

/** Three workloads, each on the main thread and then on a pool of workers. Runs unchanged on Node, Deno and Bun. */
const quickstart = Effect.gen(function* () {
  const { out, size, workers } = yield* readOptions
  yield* makeFolder(out)
  const corpus = findCorpus()

  const pool = yield* Pool.make({ size: workers })
  const comparisons = {
    mandelbrot: yield* compare(pool, mandelbrot(size, Math.ceil((size * 3) / 4))),
    primes: yield* compare(pool, primes),
    words: yield* compare(pool, words(corpus)),
  }

  const { runtime } = yield* Platform.Platform
  const picture = join(out, `mandelbrot-${runtime}.png`)
  yield* writeFile(picture, encode({ ...comparisons.mandelbrot.result, channels: 3 }))
  const summary: Summary = { runtime, workers: pool.size, corpus, picture, ...comparisons }
  yield* printSummary(summary)
  const reportPath = process.env["MULTIFIBER_QUICKSTART_REPORT"]
  if (reportPath !== undefined) yield* writeFile(reportPath, report(summary))
})

Main.run(import.meta, quickstart)
