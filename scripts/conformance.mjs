// `npm run conformance [-- --group PROC,CTX] [--runtime node,deno] [--start-method thread] [--json]`: runs the tests whose titles name a case of
// the behaviour of Python's multiprocessing, such as PROC-05, and counts the cases per group, runtime and start method.
// A case has passed where every test that names it has passed. A test tells its start method by `[thread]` or `[spawn]`
// in its title; one without runs on threads, and speaks for every start method where a case needs one agent only.
// With --json the last line of stdout is the result, and everything else goes to stderr.
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { bootstrap } from "./bootstrap.mjs"
import { RUNTIMES, takeRuntimes } from "./runtimes.mjs"
import { runTests } from "./vitest.mjs"

const START_METHODS = ["thread", "spawn"]

/** Mode L needs one agent only, X more than one; W and P are about worker threads and OS processes alone. */
const APPLIES = { L: START_METHODS, X: START_METHODS, W: ["thread"], P: ["spawn"] }

const data = (name) =>
  JSON.parse(readFileSync(new URL(`./conformance/${name}.json`, import.meta.url), "utf8"))
const CASES = data("ids")
const IMPOSSIBLE = data("impossible")
const GROUPS = [...new Set(CASES.map(({ group }) => group))]
const KNOWN = new Set(CASES.map(({ id }) => id))

const USAGE = `Usage: npm run conformance [-- --group PROC,CTX] [--runtime ${RUNTIMES.join(",")}]
  [--start-method ${START_METHODS.join(",")}] [--json]
Groups: ${GROUPS.join(", ")}`

const usageError = (message) => {
  console.error(`${message}\n${USAGE}`)
  process.exit(2)
}

/** Those of the known names that are asked for; all of them where none is. */
const chosen = (kind, lists, known) => {
  const names = lists.flatMap((list) => list.split(","))
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) usageError(`Unknown ${kind} ${JSON.stringify(unknown)}`)
  return known.filter((name) => names.length === 0 || names.includes(name))
}

const parse = (argv) => {
  const { runtimes, rest } = takeRuntimes(argv, USAGE)
  const list = { type: "string", multiple: true, default: [] }
  const options = { group: list, "start-method": list, json: { type: "boolean" } }
  try {
    const { group, json = false, "start-method": startMethod } = parseArgs({ args: rest, options }).values
    return {
      runtimes,
      json,
      groups: chosen("group", group, GROUPS),
      startMethods: chosen("start method", startMethod, START_METHODS),
    }
  } catch (error) {
    return usageError(error.message)
  }
}

/** What titles may mention though it looks like an id. */
const OTHER_NAMES = new Set(["SHA-256", "UTF-8", "UTF-16"])

/** Takes a typo such as PROC-5 or PORC-05 for an id, too, so that it can be reported. */
const idsIn = (title) => (title.match(/\b[A-Z]{2,}-\d\w*/g) ?? []).filter((id) => !OTHER_NAMES.has(id))

const concerns = (title, mode, startMethod) => {
  const marked = START_METHODS.filter((name) => title.includes(`[${name}]`))
  return marked.length === 0 ? mode === "L" || startMethod === "thread" : marked.includes(startMethod)
}

const isDeclared = (declaration, id, runtime, startMethod) =>
  declaration.id === id &&
  (declaration.runtime ?? runtime) === runtime &&
  (declaration.startMethod ?? startMethod) === startMethod

/** A test of what is declared impossible pins the typed error, so it has to pass as well. A skipped test is no pass. */
const count = (group, runtime, startMethod, tests) => {
  const row = { group, runtime, startMethod, ids: 0, passed: 0, failed: 0, impossible: [], missing: [] }
  const failures = []
  let covered = 0
  for (const { id, mode, group: own } of CASES) {
    if (own !== group || !APPLIES[mode].includes(startMethod)) continue
    const naming = tests.filter(({ ids, title }) => ids.includes(id) && concerns(title, mode, startMethod))
    const failed = naming.filter(({ status }) => status === "failed")
    const passed = naming.filter(({ status }) => status === "passed")
    const declaration = IMPOSSIBLE.find((entry) => isDeclared(entry, id, runtime, startMethod))
    row.ids++
    if (failed.length + passed.length > 0) covered++
    if (failed.length > 0) {
      row.failed++
      failures.push(...failed.map(({ name }) => `${id}: ${name}`))
    } else if (declaration !== undefined) row.impossible.push({ id, reason: declaration.reason })
    else if (passed.length > 0 && passed.length === naming.length) row.passed++
    else row.missing.push(id)
  }
  return { row, covered, failures }
}

/** Names in titles and declarations that do not exist: a typo would pass for a case that is not covered. */
const typos = (tests) => [
  ...tests.flatMap(({ ids, name }) =>
    ids.filter((id) => !KNOWN.has(id)).map((id) => `unknown id ${id}: ${name}`),
  ),
  ...IMPOSSIBLE.filter(
    ({ id, runtime = RUNTIMES[0], startMethod = START_METHODS[0] }) =>
      !KNOWN.has(id) || !RUNTIMES.includes(runtime) || !START_METHODS.includes(startMethod),
  ).map((entry) => `unknown id, runtime or start method in impossible.json: ${JSON.stringify(entry)}`),
]

const { runtimes, groups, startMethods, json } = parse(process.argv.slice(2))
bootstrap()
const print = json ? console.error : console.log
const results = new Map()
for (const runtime of runtimes) {
  print(`\n=== ${runtime} ===`)
  const result = await runTests(runtime, ["--testNamePattern", `\\b(${groups.join("|")})-\\d`], {
    inherit: json ? "stderr" : true,
  })
  results.set(runtime, {
    ...result,
    tests: result.tests.map((test) => ({ ...test, ids: idsIn(test.title) })),
  })
}

print("\n=== results ===")
const rows = []
for (const group of groups) {
  for (const [runtime, { tests }] of results) {
    for (const startMethod of startMethods) {
      const { row, covered, failures } = count(group, runtime, startMethod, tests)
      if (row.ids === 0) continue
      rows.push(row)
      print(
        `${group} on ${runtime}, ${startMethod}: ${row.ids} ids, ${covered} covered, ${row.passed} passed, ` +
          `${row.failed} failed, ${row.impossible.length} impossible, ${row.missing.length} missing`,
      )
      for (const failure of failures) print(`  FAILED ${failure}`)
      for (const { id, reason } of row.impossible) print(`  impossible ${id}: ${reason}`)
      if (row.missing.length > 0) print(`  missing ${row.missing.join(" ")}`)
    }
  }
}

const problems = [...results].flatMap(([runtime, result]) =>
  result.problems.map((problem) => `on ${runtime}: ${problem}`),
)
problems.push(...new Set(typos([...results.values()].flatMap(({ tests }) => tests))))
for (const problem of problems) print(`FAILED ${problem}`)

const sum = (of) => rows.reduce((total, row) => total + of(row), 0)
const failed = sum((row) => row.failed)
const missing = sum((row) => row.missing.length)
print(
  `\n${sum((row) => row.passed)} passed, ${failed} failed, ${sum((row) => row.impossible.length)} impossible, ` +
    `${missing} missing`,
)
const failedTests = [...results.values()].some((result) => result.failed > 0)
process.exitCode = failed + missing + problems.length > 0 || failedTests ? 1 : 0
if (json) console.log(JSON.stringify({ groups: rows }))
