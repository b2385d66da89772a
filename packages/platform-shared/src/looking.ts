/** Who looks for what is about to come, instead of sleeping until it does. */
import { availableParallelism } from "node:os"
import { setImmediate } from "node:timers"

/** On one core, who looks would keep the other from answering. */
export const MAY_LOOK = availableParallelism() > 1

/** How long an event loop stays awake, in milliseconds: longer than a process needs for an answer. */
const AWAKE = 0.2

/** Deno's event loop does not get to its sockets sooner by going round and round. */
const staysAwake = MAY_LOOK && !("Deno" in globalThis)

/** Keeps the event loop going round without sleep from a look until something is heard, or for `AWAKE`. */
export const makeLook = (): { readonly look: () => void; readonly heard: () => void } => {
  let until = 0
  let isAwake = false
  const goRound = () => {
    isAwake = performance.now() < until
    if (isAwake) setImmediate(goRound)
  }
  return {
    look: () => {
      if (!staysAwake) return
      until = performance.now() + AWAKE
      if (isAwake) return
      isAwake = true
      setImmediate(goRound)
    },
    heard: () => {
      until = 0
    },
  }
}
