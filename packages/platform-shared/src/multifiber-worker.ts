/** The file that a worker thread starts with. Loads the runner and nothing of `effect`. */
import process from "node:process"
import { parentPort, workerData } from "node:worker_threads"
import * as Runner from "multifiber/Runner"
import type { WorkerData } from "./WorkerThreads.ts"

const { boot } = workerData as WorkerData

if (!parentPort) throw new Error("Cannot start multifiber's worker file outside of a worker thread")
const parent = parentPort

const runner = Runner.start(
  {
    post: (message) => parent.postMessage(message),
    receive: (handler) => parent.on("message", handler),
    release: () => parent.unref(),
    exit: (code) => process.exit(code),
    setExitCode: (code) => {
      process.exitCode = code
    },
    report: (text) => process.stderr.write(`${text}\n`),
  },
  boot,
)

parent.on("messageerror", (error) => runner.choke(error))
process.on("uncaughtException", (error) => runner.die(error))
process.on("unhandledRejection", (reason) => runner.die(reason))
process.on("exit", () => runner.close())
