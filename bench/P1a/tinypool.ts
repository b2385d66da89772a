import { tinypool } from "../peers/tinypool.ts"
import { everyPromise } from "./everyPromise.ts"

await everyPromise(tinypool("increment"))
