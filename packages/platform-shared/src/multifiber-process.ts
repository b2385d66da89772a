/** The file that every OS process starts with. Loads the runner and nothing of `effect`. */
import { endWith } from "./agentEnd.ts"
import { startInProcess } from "./agentProcess.ts"

endWith(startInProcess())
