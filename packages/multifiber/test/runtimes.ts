/** The three runtimes, for tests that run a program on each of them. */
import type { Runtime } from "@multifiber/testkit/program"

interface Runtimes {
  readonly RUNTIMES: ReadonlyArray<string>
  readonly commandFor: (runtime: string) => Runtime
}

const scripts = new URL("../../../scripts/runtimes.mjs", import.meta.url)

export const { RUNTIMES, commandFor }: Runtimes = await import(scripts.href)
