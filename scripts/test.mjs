// `npm test [-- --runtime node,deno] [vitest filters and options]`: runs the same test files on each runtime.
// The last line of stdout gives the totals. A test that Node runs and another runtime does not even report is a failure.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { bootstrap } from "./bootstrap.mjs"
import { root, run } from "./process.mjs"
import { commandFor, takeRuntimes } from "./runtimes.mjs"

const MINUTES_PER_RUNTIME = 25

const folder = mkdtempSync(join(tmpdir(), "multifiber-test-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const vitest = async (runtime, args) => {
  const { command, args: prefix } = commandFor(runtime)
  const file = join(folder, `${runtime}.json`)
  const result = await run(
    command,
    [
      ...(runtime === "bun" ? ["--bun"] : runtime === "deno" ? prefix : []),
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
      ...args,
    ],
    { minutes: MINUTES_PER_RUNTIME, inherit: true },
  )
  return { ...result, report: existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined }
}

/** What a run of vitest on one runtime amounts to: counts, every test by name, and why it failed beyond its tests. */
const assess = ({ code, timedOut, report }) => {
  const tests = []
  const problems = []
  for (const file of report?.testResults ?? []) {
    const name = relative(root, file.name)
    for (const test of file.assertionResults) {
      tests.push({ name: `${name} > ${test.fullName}`, status: test.status })
    }
    if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")) {
      problems.push(`${name}: ${file.message.trim() || "failed outside of its tests"}`)
    }
  }
  const count = (wanted) => tests.filter(({ status }) => wanted === status).length
  const passed = count("passed")
  const failed = count("failed")
  if (timedOut !== undefined) problems.push(`vitest was killed: ${timedOut}`)
  else if (report === undefined) problems.push(`vitest ended with exit code ${code} and without a report`)
  else if (code !== 0 && failed === 0 && problems.length === 0) {
    problems.push(`vitest ended with exit code ${code} though no test failed: see its errors above`)
  }
  return { tests, problems, passed, failed, skipped: tests.length - passed - failed }
}

const tally = (tests) => {
  const counts = new Map()
  for (const { name } of tests) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** The tests that Node reports and the other runtime does not, not even as skipped. */
const missingTests = (onNode, elsewhere) => {
  const there = tally(elsewhere)
  return [...tally(onNode)].filter(([name, times]) => (there.get(name) ?? 0) < times).map(([name]) => name)
}

bootstrap()
const { runtimes, rest } = takeRuntimes(
  process.argv.slice(2),
  "Usage: npm test [-- --runtime node,deno,bun] [-- vitest filters and options]",
)
const results = new Map()
for (const runtime of runtimes) {
  console.log(`\n=== ${runtime} ===`)
  results.set(runtime, assess(await vitest(runtime, rest)))
}

const node = results.get("node")
const totals = { passed: 0, failed: 0, skipped: 0 }
console.log("\n=== results ===")
for (const [runtime, { tests, problems, passed, failed, skipped }] of results) {
  if (node !== undefined && problems.length === 0) {
    problems.push(
      ...missingTests(node.tests, tests).map((name) => `${name}: node has this test, ${runtime} does not`),
    )
  }
  totals.passed += passed
  totals.failed += failed + problems.length
  totals.skipped += skipped
  console.log(`${runtime}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  for (const { name, status } of tests) {
    if (status !== "passed") console.log(`  ${status === "failed" ? "FAILED" : "skipped"} ${name}`)
  }
  for (const problem of problems) console.log(`  FAILED ${problem}`)
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exitCode = totals.failed === 0 ? 0 : 1
