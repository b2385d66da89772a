/** Collects garbage, in any agent. Loads nothing of `effect`, so tasks import it too. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** At once. */
export const collect = (): void => {
  const { Bun } = globalThis as { readonly Bun?: { readonly gc: (force: boolean) => void } }
  if (Bun) Bun.gc(true)
  else {
    setFlagsFromString("--expose-gc")
    runInNewContext("gc")()
  }
}

/**
 * In a turn of the event loop with nothing else in it: JavaScriptCore keeps whatever the stack seems to refer to, and below a
 * running fiber lies what earlier ones have left there.
 */
export const collectApart = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(() => {
      collect()
      resolve()
    })
  })
