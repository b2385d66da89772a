// `npm start [-- options]`: runs the quickstart on each runtime with the same options, then compares their figures.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bootstrap } from "./bootstrap.mjs"
import { root, run } from "./process.mjs"
import { commandFor, takeRuntimes } from "./runtimes.mjs"

const USAGE = "Usage: npm start [-- --runtime node,deno,bun] [-- options of the quickstart]"

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`

const printSummary = (reports) => {
  const Table = createRequire(`${root}examples/package.json`)("cli-table3")
  const table = new Table({
    head: ["Workload", "Runtime", "Serial", "Pool", "Speed-up"],
    colAligns: ["left", "left", "right", "right", "right"],
    style: { head: [], border: [] },
  })
  for (const [i, { name }] of reports[0].workloads.entries()) {
    for (const { runtime, version, workloads } of reports) {
      const { serialMs, poolMs, speedup } = workloads[i]
      const row = [`${runtime} ${version}`, seconds(serialMs), seconds(poolMs), `${speedup.toFixed(2)} ×`]
      table.push(runtime === reports[0].runtime ? [{ content: name, rowSpan: reports.length }, ...row] : row)
    }
  }
  console.log(`\n${table}`)
}

bootstrap()
const { runtimes, rest } = takeRuntimes(process.argv.slice(2), USAGE)
const help = rest.includes("--help") || rest.includes("-h")
if (help) console.log(`${USAGE}\n\nThe quickstart:`)

const folder = mkdtempSync(join(tmpdir(), "multifiber-start-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const main = join(root, "examples/quickstart/main.ts")
const reports = []
for (const runtime of help ? runtimes.slice(0, 1) : runtimes) {
  const { command, args } = commandFor(runtime)
  const report = join(folder, `${runtime}.json`)
  const { code } = await run(command, [...args, main, ...rest], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { MULTIFIBER_QUICKSTART_REPORT: report },
    minutes: 30,
    inherit: true,
  })
  if (code !== 0) process.exit(code)
  if (!help) reports.push(JSON.parse(readFileSync(report, "utf8")))
}
if (reports.length > 1) printSummary(reports)
