import { workerpool } from "../peers/workerpool.ts"
import { everyPromise } from "./everyPromise.ts"

await everyPromise(workerpool)
