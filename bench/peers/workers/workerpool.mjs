import workerpool from "workerpool"
import increment from "./increment.mjs"

workerpool.worker({ increment })
