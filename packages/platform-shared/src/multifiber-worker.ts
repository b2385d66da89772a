/** The file that every agent starts with, a thread or an OS process. Loads the runner and nothing of `effect`. */
import process from "node:process"
import { parentPort } from "node:worker_threads"
import type * as Runner from "multifiber/Runner"
import { startInProcess } from "./agentProcess.ts"
import { startInThread } from "./agentThread.ts"

const runner: Runner.Runner = parentPort ? startInThread(parentPort) : startInProcess()

process.on("uncaughtException", (error) => runner.die(error))
process.on("unhandledRejection", (reason) => runner.die(reason))
process.on("exit", () => runner.close())
