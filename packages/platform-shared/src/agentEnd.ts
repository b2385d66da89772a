import process from "node:process"
import type * as Runner from "multifiber/Runner"

/** Tells a runner how its agent ends. */
export const endWith = (runner: Runner.Runner): void => {
  process.on("uncaughtException", (error) => runner.die(error))
  process.on("unhandledRejection", (reason) => runner.die(reason))
  process.on("exit", () => runner.close())
}
