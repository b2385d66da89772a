// Runs the test files with vitest on one runtime and reads its report; shared by test.mjs and conformance.mjs.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { root, run } from "./process.mjs"
import { commandFor } from "./runtimes.mjs"

const MINUTES_PER_RUNTIME = 25

const folder = mkdtempSync(join(tmpdir(), "multifiber-test-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const vitest = async (runtime, args, inherit) => {
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
    { minutes: MINUTES_PER_RUNTIME, inherit },
  )
  return { ...result, report: existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined }
}

/** What a run of vitest on one runtime amounts to: counts, every test by name, and why it failed beyond its tests. */
const assess = ({ code, timedOut, report }) => {
  const tests = []
  const problems = []
  for (const file of report?.testResults ?? []) {
    const name = relative(root, file.name)
    for (const { failureMessages, fullName: title, status } of file.assertionResults) {
      const [reason = ""] = (failureMessages[0] ?? "").split("\n")
      tests.push({ name: `${name} > ${title}`, title, status, reason })
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

/** Runs the tests on a runtime, with more arguments for vitest, and shows its output: see `inherit` of `run`. */
export const runTests = async (runtime, args, { inherit = true } = {}) =>
  assess(await vitest(runtime, args, inherit))
