/** Hands over what is logged by `console`, as the text that `node:util` makes of it: the same on every runtime. */
import { format } from "node:util"
import type { Port } from "multifiber/Runner"

const METHODS = ["debug", "log", "info", "warn", "error"] as const

export const takeConsole: Port["takeConsole"] = (write) => {
  for (const method of METHODS) console[method] = (...args: Array<unknown>) => write(method, format(...args))
}
