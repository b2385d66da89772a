// `npm test [-- --runtime node,deno] [vitest filters and options]`: runs the same test files on each runtime.
// The last line of stdout gives the totals. A test that Node runs and another runtime does not even report is a failure.
import { bootstrap } from "./bootstrap.mjs"
import { takeRuntimes } from "./runtimes.mjs"
import { runTests } from "./vitest.mjs"

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
  results.set(runtime, await runTests(runtime, rest))
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
  for (const { name, reason, status } of tests) {
    if (status === "failed") console.log(`  FAILED ${name}: ${reason}`)
    else if (status !== "passed") console.log(`  skipped ${name}`)
  }
  for (const problem of problems) console.log(`  FAILED ${problem}`)
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exitCode = totals.failed === 0 ? 0 : 1
