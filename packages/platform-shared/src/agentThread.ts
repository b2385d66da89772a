/** The runner's port inside a worker thread. */
import process from "node:process"
import { type MessagePort, workerData } from "node:worker_threads"
import * as Runner from "multifiber/Runner"
import { open, seal } from "./envelope.ts"
import { makeLine } from "./line.ts"
import { memory } from "./memory.ts"
import { takeConsole } from "./takeConsole.ts"
import type { WorkerData } from "./WorkerThreads.ts"

export const startInThread = (parent: MessagePort): Runner.Runner => {
  const { first, line } = workerData as WorkerData
  const choke = (error: unknown): void => runner.choke(error)
  const runner = Runner.start(
    {
      post: (message, transfer = []) => parent.postMessage(seal(message), [...transfer]),
      receive: (handler) => parent.on("message", (message) => handler(open(message))),
      openLine: (handler) => makeLine(line, handler, choke),
      release: () => {
        parent.unref()
        line.port.unref()
      },
      exit: (code) => process.exit(code),
      setExitCode: (code) => {
        process.exitCode = code
      },
      report: (text) => process.stderr.write(`${text}\n`),
      takeConsole,
      memory,
      check: structuredClone,
    },
    first === undefined ? undefined : open(first),
  )
  parent.on("messageerror", choke)
  return runner
}
