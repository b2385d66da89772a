// Starts child processes with a time limit and reports named steps; shared by the other scripts.
// A child leads a process group of its own, so that a time-out or Ctrl-C reaches everything it started, once.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"

export const root = fileURLToPath(new URL("..", import.meta.url))

const GRACE_MS = 5_000
const running = new Set()
let stoppedBy

const kill = (child, signal) => {
  try {
    if (process.platform === "win32") child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // nobody is left in the group
  }
}

const exitWhenIdle = () => {
  if (running.size === 0) process.exit(128 + constants.signals[stoppedBy])
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // npm passes on what the terminal has sent already
    if (stoppedBy !== undefined) return
    stoppedBy = signal
    for (const child of running) kill(child, signal)
    setTimeout(() => {
      for (const child of running) kill(child, "SIGKILL")
    }, GRACE_MS)
    exitWhenIdle()
  })
}

/**
 * Runs a command to its end. `inherit` shows its output instead of collecting it, `"stderr"` all of it there.
 * Whatever the command leaves behind in its process group is killed.
 */
export const run = (command, args, { cwd = root, env, minutes = 5, inherit = false } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", ...(inherit ? [inherit === "stderr" ? 2 : 1, 2] : ["pipe", "pipe"])],
      detached: process.platform !== "win32",
    })
    running.add(child)
    const result = { stdout: "", stderr: "", output: "" }
    for (const stream of inherit ? [] : ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => {
        result[stream] += text
        result.output += text
      })
    }
    const timer = setTimeout(() => {
      result.timedOut = `no end within ${minutes} min`
      kill(child, "SIGKILL")
    }, minutes * 60_000)
    child.on("exit", () => kill(child, "SIGKILL"))
    const end = () => {
      clearTimeout(timer)
      running.delete(child)
      if (stoppedBy !== undefined) exitWhenIdle()
    }
    child.on("error", (error) => {
      end()
      reject(error)
    })
    child.on("close", (code, signal) => {
      end()
      if (stoppedBy === undefined) resolve({ ...result, code: code ?? 128 + constants.signals[signal] })
    })
  })

/** Runs a command, collects its output, and throws that output unless the command succeeds. */
export const runOrThrow = async (command, args, options) => {
  const result = await run(command, args, options)
  if (result.code !== 0) throw new Error(`${result.timedOut ?? `exit code ${result.code}`}\n${result.output}`)
  return result
}

/** The script that a development dependency installs as `command`, to be run by Node. */
export const toolScript = (packageName, command) => {
  const folder = join(root, "node_modules", packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  return join(folder, typeof bin === "string" ? bin : bin[command])
}

/** Thrown by a step that cannot run here; the message is the reason. */
export class Skip extends Error {}

const indent = (text) => stripVTControlCharacters(text).trimEnd().replaceAll(/^/gm, "    ")

/** Collects the outcome of named steps; each prints one line, a failed one its error too. */
export const makeReport = () => {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  return {
    counts,
    /** `body` may return a text to show beside the name. Returns whether it went well. */
    step: async (name, body) => {
      try {
        const detail = await body()
        counts.passed++
        console.log(typeof detail === "string" ? `ok ${name} (${detail})` : `ok ${name}`)
        return true
      } catch (error) {
        if (error instanceof Skip) {
          counts.skipped++
          console.log(`skipped ${name}: ${error.message}`)
        } else {
          counts.failed++
          console.log(`FAIL ${name}\n${indent(error.message)}`)
        }
        return false
      }
    },
    finish: () => {
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
      process.exitCode = counts.failed === 0 ? 0 : 1
    },
  }
}
