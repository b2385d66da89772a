import { poolifier } from "../peers/poolifier.ts"
import { everyPromise } from "./everyPromise.ts"

await everyPromise(poolifier)
