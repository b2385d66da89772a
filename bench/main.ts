import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander"
import { measure, type Scripts } from "./measure.ts"
import { describeMachine, save, summarize, table } from "./report.ts"
import { RUNTIMES, type Runtime, type Scenario } from "./scenario.ts"

const ids = readdirSync(new URL(".", import.meta.url))
  .filter((name) => existsSync(new URL(`./${name}/scenario.ts`, import.meta.url)))
  .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))

const load = async (id: string): Promise<Scenario> => (await import(`./${id}/scenario.ts`)).default

interface Options {
  readonly runtime: Runtime
  readonly json?: true
  readonly runs?: number
  readonly quick?: true
}

const wholeNumber = (text: string): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new InvalidArgumentError("It must be a whole number of at least 1.")
}

const benchmark = async (
  id: string,
  { runtime, json, runs, quick }: Options,
  scripts: Scripts,
): Promise<boolean> => {
  const scenario = await load(id)
  const installed = scenario.installed
    ? await scripts.install(fileURLToPath(new URL(".", import.meta.url)))
    : undefined
  const plan = quick
    ? { id, scenario, runtime, installed, runs: 1, settings: { ...scenario.settings, seconds: 1 } }
    : { id, scenario, runtime, installed, runs: runs ?? scenario.runs ?? 5, settings: scenario.settings }
  const machine = describeMachine(runtime, scripts)
  const measured = await measure(plan, scripts, (line) => process.stderr.write(`${line}\n`))
  save(plan, machine, measured)
  const summary = summarize(plan, measured)
  console.log(json ? JSON.stringify(summary) : table(plan, machine, measured))
  return summary.pass
}

/** The benchmark command. Sets the exit code: 0 every target was reached, 1 one was missed, 2 wrong usage. */
export const main = async (scripts: Scripts): Promise<void> => {
  const command = new Command("npm run bench --")
    .description("Measures multifiber against other pools, as ratios within one run.")
    .addArgument(new Argument("[id]", "the benchmark").choices([...ids, "all"]))
    .addOption(new Option("--runtime <name>", "where to run it").choices([...RUNTIMES]).default("node"))
    .option("--json", "print one JSON object for each benchmark and nothing else to stdout")
    .option("--runs <n>", "interleaved runs, of which the median counts; 5 for most", wholeNumber)
    .option("--quick", "one short run, to see that it works")
    .option("--list", "print the benchmarks")
    .showHelpAfterError()
    .exitOverride()
    .action(async (id: string | undefined, options: Options & { readonly list?: true }) => {
      if (options.list) {
        for (const id of ids) console.log(`${id.padEnd(4)} ${(await load(id)).title}`)
      } else if (id === undefined) {
        command.error("error: missing required argument 'id'")
      } else {
        for (const each of id === "all" ? ids : [id]) {
          if (!(await benchmark(each, options, scripts))) process.exitCode = 1
        }
      }
    })
  try {
    await command.parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
