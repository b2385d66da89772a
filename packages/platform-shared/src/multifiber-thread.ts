/** The file that every worker thread starts with. Loads the runner and nothing of `effect`. */
import { parentPort } from "node:worker_threads"
import { endWith } from "./agentEnd.ts"
import { startInThread } from "./agentThread.ts"

if (!parentPort) throw new Error("Cannot start multifiber's file for threads by itself")
endWith(startInThread(parentPort))
