// Runs a script by the `python3` of this machine, and passes on the figures that it prints.
import { spawnSync } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"

export const runPython = (script: URL): void => {
  const { error, status, stderr, stdout } = spawnSync(
    "python3",
    [fileURLToPath(script), process.argv[2] ?? "{}"],
    { encoding: "utf8" },
  )
  if (error) throw new Error("no python3 on this machine", { cause: error })
  if (status !== 0) throw new Error(`python3 ended with ${status}: ${stderr}`)
  process.stdout.write(stdout)
}
