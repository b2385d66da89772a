import { reportBare } from "./bareCalls.ts"
import { lateRate } from "./lateRate.ts"

await reportBare(lateRate)
