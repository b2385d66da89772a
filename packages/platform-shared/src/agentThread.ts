/** The runner's port inside a worker thread. */
import process from "node:process"
import { type MessagePort, workerData } from "node:worker_threads"
import * as Runner from "multifiber/Runner"
import { open, seal } from "./envelope.ts"
import { memory } from "./memory.ts"
import { takeConsole } from "./takeConsole.ts"
import type { WorkerData } from "./WorkerThreads.ts"

export const startInThread = (parent: MessagePort): Runner.Runner => {
  const { first } = workerData as WorkerData
  const runner = Runner.start(
    {
      post: (message, transfer = []) => parent.postMessage(seal(message), [...transfer]),
      receive: (handler) => parent.on("message", (message) => handler(open(message))),
      release: () => parent.unref(),
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
  parent.on("messageerror", (error) => runner.choke(error))
  return runner
}
