/** Collects garbage at once, in any agent. Loads nothing of `effect`, so tasks import it too. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

export const collect = (): void => {
  const { Bun } = globalThis as { readonly Bun?: { readonly gc: (force: boolean) => void } }
  if (Bun) Bun.gc(true)
  else {
    setFlagsFromString("--expose-gc")
    runInNewContext("gc")()
  }
}
