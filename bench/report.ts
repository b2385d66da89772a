import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import os from "node:os"
import { median } from "simple-statistics"
import type { Measured, Outcome, Plan, Scripts } from "./measure.ts"
import type { Runtime } from "./scenario.ts"

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly os: string
  readonly runtime: string
  readonly commit: string
}

const firstLineOf = (command: string, args: ReadonlyArray<string>): string => {
  try {
    return (
      execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n")[0] ??
      ""
    )
  } catch {
    return "unknown"
  }
}

export const describeMachine = (runtime: Runtime, { commandFor }: Scripts): Machine => ({
  cpu: os.cpus()[0]?.model ?? "unknown",
  cores: os.availableParallelism(),
  os: `${os.type()} ${os.release()} ${os.arch()}`,
  runtime: `${runtime} ${firstLineOf(commandFor(runtime).command, ["--version"]).replace(/^(v|deno )/, "")}`,
  commit: firstLineOf("git", ["describe", "--always", "--dirty"]),
})

/** Four digits are more than these measurements have. */
const round = (value: number): number => Number(value.toPrecision(4))

const figureOf = ({ figures, failures }: Outcome): number | string =>
  figures.length > 0 ? round(median([...figures])) : (failures[0] ?? "was not run")

const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]))

export const summarize = ({ id, runtime }: Plan, measured: ReadonlyArray<Measured>) => ({
  id,
  runtime,
  pass: measured.every(({ pass }) => pass),
  parts: measured.map(({ part, ours, peers, ratio, target, pass, beside, remark }) => ({
    name: part.name,
    unit: part.unit,
    ours: figureOf(ours),
    peers: mapValues(peers, figureOf),
    ratio: ratio === undefined ? null : round(ratio),
    target,
    pass,
    ...(part.beside ? { beside: mapValues(beside, round) } : {}),
    ...(remark === undefined ? {} : { remark }),
  })),
})

const count = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 })

const row = (name: string, { figures, failures }: Outcome): string => {
  const shown = [`  ${name.padEnd(12)}`]
  if (figures.length > 0) {
    const spread = `${count.format(Math.min(...figures))} – ${count.format(Math.max(...figures))}`
    shown.push(count.format(median([...figures])).padStart(12), spread.padStart(24))
  }
  if (failures.length > 0) shown.push(`failed ${failures.length}×: ${failures[0]}`)
  return shown.join("  ")
}

export const table = (plan: Plan, machine: Machine, measured: ReadonlyArray<Measured>): string => {
  const { n, workers } = plan.settings
  const lines = [
    `${plan.id}: ${plan.scenario.title}`,
    `${machine.runtime}, ${machine.cpu}, ${machine.cores} cores, ${machine.os}, commit ${machine.commit}`,
    `N = ${count.format(n)}, ${workers} workers, runs: ${plan.runs}, interleaved; shown: median, min – max`,
  ]
  for (const { part, ours, peers, ratio, target, pass, beside, remark } of measured) {
    const sign = part.better === "higher" ? "≥" : "≤"
    lines.push(
      `${part.name}, ${part.unit}, ${part.better} is better`,
      row("ours", ours),
      ...Object.entries(peers).map(([name, outcome]) => row(name, outcome)),
      ...Object.entries(beside).map(([name, figure]) => `  ${name.padEnd(24)}${count.format(figure)}`),
      `  ${pass ? "pass" : "FAIL"}: ratio ${ratio === undefined ? "unknown" : count.format(ratio)}, target ${sign} ${target}`,
      ...(remark === undefined ? [] : [`  ${remark}`]),
    )
  }
  return lines.join("\n")
}

const folder = new URL("./results/", import.meta.url)

/** Keeps everything that was measured, and where. */
export const save = (plan: Plan, machine: Machine, measured: ReadonlyArray<Measured>): void => {
  const { runs, settings } = plan
  const samples = measured.map(({ part, ours, peers }) => ({ name: part.name, ours, peers }))
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    new URL(`${plan.id}-${plan.runtime}.json`, folder),
    `${JSON.stringify({ ...summarize(plan, measured), machine, runs, settings, samples }, undefined, 2)}\n`,
  )
}
