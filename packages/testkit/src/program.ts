/**
 * Runs a program file in a process of its own, on the runtime that runs this code: for all that only a whole program
 * shows, such as when it ends, with which exit code, and what it prints.
 */
import { spawn } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"

export interface Options {
  readonly args?: ReadonlyArray<string>
  /** Options for the runtime itself. */
  readonly flags?: ReadonlyArray<string>
  /** Sends a signal once the program has printed this line. */
  readonly signal?: { readonly name: NodeJS.Signals; readonly after: string }
  /** Kills the program after this many seconds. Default: 20. */
  readonly seconds?: number
}

export interface Ended {
  /** `undefined` where a signal ended the program. */
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  readonly milliseconds: number
  /** Milliseconds from the signal that was sent to the end. */
  readonly sinceSignal: number | undefined
}

/** The preloads of this process: Node 20 needs one to read TypeScript. */
const preloads = (): Array<string> =>
  process.execArgv.flatMap((option, index, all) =>
    option === "--import" ? [option, all[index + 1] ?? ""] : [],
  )

const command = (file: URL, { args = [], flags = [] }: Options): Array<string> => [
  ...("Deno" in globalThis ? ["run", "-A"] : preloads()),
  ...flags,
  fileURLToPath(file),
  ...args,
]

/** Runs a program to its end. Interruption kills it. */
export const run = (file: URL, options: Options = {}): Effect.Effect<Ended> =>
  Effect.async((resume) => {
    const started = performance.now()
    let signalled: number | undefined
    let timedOut = false
    let stdout = ""
    let stderr = ""
    const child = spawn(process.execPath, command(file, options), { stdio: ["ignore", "pipe", "pipe"] })
    const timer = setTimeout(
      () => {
        timedOut = true
        child.kill("SIGKILL")
      },
      1000 * (options.seconds ?? 20),
    )
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text
      const { signal } = options
      if (!signal || signalled !== undefined || !`\n${stdout}`.includes(`\n${signal.after}\n`)) return
      signalled = performance.now()
      // Not by `child.kill`: on Deno the program then counts as ended by the signal, however it ends.
      process.kill(child.pid as number, signal.name)
    })
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text
    })
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      const now = performance.now()
      resume(
        Effect.succeed({
          code: code ?? undefined,
          signal: signal ?? undefined,
          stdout,
          stderr,
          timedOut,
          milliseconds: now - started,
          sinceSignal: signalled && now - signalled,
        }),
      )
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      child.kill("SIGKILL")
    })
  })
