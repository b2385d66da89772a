// Runs the contenders of a scenario, each in a fresh process, ours and the peers by turns, so that whatever slows the
// machine down meets all of them.
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { median } from "simple-statistics"
import type { Beside, Part, Runtime, Scenario, Settings } from "./scenario.ts"

/** What the project's scripts lend to the benchmarks. */
export interface Scripts {
  readonly commandFor: (runtime: Runtime) => {
    readonly command: string
    readonly args: ReadonlyArray<string>
  }
  readonly run: (
    command: string,
    args: ReadonlyArray<string>,
    options: { readonly minutes: number },
  ) => Promise<Ended>
  /** Makes a folder with the built packages and the sources of `folder` as JavaScript, and returns it. */
  readonly install: (folder: string) => Promise<string>
}

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly timedOut?: string
}

export interface Plan {
  readonly id: string
  readonly scenario: Scenario
  readonly runtime: Runtime
  readonly runs: number
  readonly settings: Settings
  /** The folder with the contenders as JavaScript, where they run on the built packages. */
  readonly installed: string | undefined
}

/** One figure of a contender for each run that gave one, and why the others did not. */
export interface Outcome {
  readonly figures: ReadonlyArray<number>
  readonly failures: ReadonlyArray<string>
}

export interface Measured {
  readonly part: Part
  readonly ours: Outcome
  readonly peers: Readonly<Record<string, Outcome>>
  /** `undefined` where a side has no figure. */
  readonly ratio: number | undefined
  readonly target: number
  readonly pass: boolean
  /** Medians. */
  readonly beside: Beside
  readonly remark: string | undefined
}

/** A contender that failed this often is not run again. */
const PATIENCE = 2

type Figures = Readonly<Record<string, number>>

export const measure = async (
  plan: Plan,
  scripts: Scripts,
  log: (line: string) => void,
): Promise<ReadonlyArray<Measured>> => {
  const { id, scenario, runtime, runs } = plan
  const files = Array.from(new Set(scenario.parts.flatMap((part) => [part.ours, ...part.peers])))
  const contenders = files.map((file) => ({ file, results: [] as Array<Figures | string> }))
  for (let i = 1; i <= runs; i++) {
    for (const { file, results } of contenders) {
      if (results.filter((result) => typeof result === "string").length >= PATIENCE) continue
      const result = await runOnce(plan, file, scripts)
      results.push(result)
      log(
        `${id} ${runtime} ${i}/${runs} ${nameOf(file)}: ${typeof result === "string" ? result : list(result)}`,
      )
    }
  }
  const outcomeOf = (name: string, file: string): Outcome => {
    const results = contenders.find((contender) => contender.file === file)?.results ?? []
    const values = results.map((result) =>
      typeof result === "string" ? result : (result[name] ?? `no figure called ${name}`),
    )
    return {
      figures: values.filter((value) => typeof value === "number"),
      failures: values.filter((value) => typeof value === "string"),
    }
  }
  return scenario.parts.map((part) =>
    judge(
      part,
      runtime,
      outcomeOf(part.name, part.ours),
      part.peers.map((file) => [nameOf(file), outcomeOf(part.name, file)]),
      Object.fromEntries(
        (part.beside ?? []).flatMap((name) => {
          const { figures } = outcomeOf(`${part.name}: ${name}`, part.ours)
          return figures.length === 0 ? [] : [[name, median([...figures])]]
        }),
      ),
    ),
  )
}

const nameOf = (file: string): string => file.replace(/\.\w+$/, "")

const list = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, figure]) => `${name} ${Number(figure.toPrecision(4))}`)
    .join(", ")

/** The figures that a contender prints, or why it prints none. */
const runOnce = async (plan: Plan, file: string, scripts: Scripts): Promise<Figures | string> => {
  const { command, args } = scripts.commandFor(plan.runtime)
  const { installed, scenario } = plan
  const { timeoutSeconds = 300 } = scenario
  const { code, stdout, stderr, timedOut } = await scripts.run(
    command,
    [
      // JavaScript needs no loader on Node
      ...(installed && plan.runtime === "node" ? [] : args),
      ...(scenario.flags?.[plan.runtime] ?? []),
      installed
        ? join(installed, plan.id, file.replace(/\.ts$/, ".js"))
        : fileURLToPath(new URL(`./${plan.id}/${file}`, import.meta.url)),
      JSON.stringify(plan.settings),
    ],
    { minutes: timeoutSeconds / 60 },
  )
  if (timedOut !== undefined) return `timed out after ${timeoutSeconds} s`
  const line = stdout.trim().split("\n").at(-1) ?? ""
  if (code === 0 && line.startsWith("{")) return JSON.parse(line)
  const reason = stderr.split("\n").find((line) => /error/i.test(line)) ?? stderr.trim().split("\n")[0]
  return `exit code ${code}: ${reason || "no figures"}`
}

const judge = (
  part: Part,
  runtime: Runtime,
  ours: Outcome,
  peers: ReadonlyArray<readonly [string, Outcome]>,
  beside: Beside,
): Measured => {
  const figures = peers.flatMap(([, { figures }]) => (figures.length === 0 ? [] : [median([...figures])]))
  const comparable = ours.figures.length > 0 && (peers.length === 0 || figures.length > 0)
  const ratio = comparable ? part.ratio(median([...ours.figures]), figures) : undefined
  const target = part.target[runtime]
  const reached = ratio !== undefined && (part.better === "higher" ? ratio >= target : ratio <= target)
  // a peer's failure is its own matter, one of ours is never
  return {
    part,
    ours,
    peers: Object.fromEntries(peers),
    ratio,
    target,
    pass: reached && ours.failures.length === 0,
    beside,
    remark: part.remark?.(beside),
  }
}
