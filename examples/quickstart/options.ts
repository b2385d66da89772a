import { existsSync, statSync } from "node:fs"
import { resolve } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Command, InvalidArgumentError } from "commander"
import { Effect } from "effect"

export interface Options {
  /** The usable cores, if not given. */
  readonly workers?: number
  /** Width of the picture in pixels. */
  readonly size: number
  /** Folder of the picture. */
  readonly out: string
}

/** Reads the command line. Help and wrong options end the program here, with exit code 0 or 2. */
export const readOptions = Effect.sync(
  (): Options =>
    new Command("quickstart")
      .description(
        "Runs three workloads on the main thread and on a pool of workers, and compares the times.",
      )
      .option("--workers <N>", "number of workers (default: the usable cores)", wholeNumber(1, 256))
      .option("--size <PIXELS>", "width of the picture", wholeNumber(1, 10_000), 1200)
      .option(
        "--out <FOLDER>",
        "folder of the picture",
        folder,
        fileURLToPath(new URL("out", import.meta.url)),
      )
      .showHelpAfterError()
      .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
      .parse(process.argv)
      .opts(),
)

const wholeNumber = (min: number, max: number) => (text: string) => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
  }
  return value
}

const folder = (text: string) => {
  if (text === "" || (existsSync(text) && !statSync(text).isDirectory())) {
    throw new InvalidArgumentError("Expected a folder.")
  }
  return resolve(text)
}
