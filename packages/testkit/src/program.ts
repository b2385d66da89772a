/**
 * Runs a program file in a process of its own, on the runtime that runs this code, or on another: for all that only a whole program
 * shows, such as when it ends, with which exit code, and what it prints.
 */
import { spawn } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"

/** How a runtime is started. */
export interface Runtime {
  readonly command: string
  /** What goes before the name of the file. */
  readonly args: ReadonlyArray<string>
}

export interface Options {
  /** Default: the one that runs this code. */
  readonly runtime?: Runtime
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

/** This runtime, and what goes before the name of a file. */
const here = (): Runtime => ({ command: process.execPath, args: "Deno" in globalThis ? ["run", "-A"] : [] })

/** Runs a program to its end. Interruption kills it. */
export const run = (file: URL, options: Options = {}): Effect.Effect<Ended> =>
  Effect.async((resume) => {
    const started = performance.now()
    let signalled: number | undefined
    let timedOut = false
    let stdout = ""
    let stderr = ""
    const { args = [], flags = [], runtime = here() } = options
    const child = spawn(runtime.command, [...runtime.args, ...flags, fileURLToPath(file), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    })
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
