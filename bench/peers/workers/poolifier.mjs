import { ThreadWorker } from "poolifier"
import increment from "./increment.mjs"

export default new ThreadWorker(increment)
