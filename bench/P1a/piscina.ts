import { piscina } from "../peers/piscina.ts"
import { everyPromise } from "./everyPromise.ts"

await everyPromise(piscina("increment"))
