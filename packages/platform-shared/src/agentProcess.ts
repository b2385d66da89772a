/**
 * The runner's port inside an OS process, and its signals. A process whose starter is gone stops as if it were terminated:
 * its channel closes (`guard.ts` sees to one that is busy).
 */
import process from "node:process"
import * as Runner from "multifiber/Runner"
import { decode, encode } from "./Frames.ts"
import { makeLook } from "./looking.ts"
import { memory } from "./memory.ts"
import { takeConsole } from "./takeConsole.ts"

/** Node and Bun write at once while there is room in the channel. */
const SENDS_LATER = "Deno" in globalThis

/**
 * Bytes that surely find room there, and how many each frame takes beside its own. Node's `send` says of what it keeps for later, too,
 * that it is sent.
 */
const ROOM = 65_536
const FRAME = 1024

export const startInProcess = (): Runner.Runner => {
  const send = process.send?.bind(process)
  if (!send) throw new Error("Cannot start multifiber's file for OS processes by itself")
  let onMessage = (_frame: unknown) => {}
  let unsent = 0
  let unsentBytes = 0
  /** What was logged and may not have left: the end of the process would take it along. */
  const logged = new Map<unknown, string>()
  let exitCode: number | undefined
  // What is still on its way when the process exits is lost.
  const exitIfSent = () => {
    if (unsent === 0 && exitCode !== undefined) process.exit(exitCode)
  }
  const { heard, look } = makeLook()
  const post = (message: unknown): void => {
    const frame = encode(message)
    if (!process.connected) return
    const size = FRAME + frame.length
    unsent++
    unsentBytes += size
    const isOut = send(frame, undefined, undefined, () => {
      unsent--
      unsentBytes -= size
      logged.delete(message)
      exitIfSent()
    })
    const text = Runner.loggedText(message)
    if (text !== undefined && (SENDS_LATER || !isOut || unsentBytes > ROOM)) logged.set(message, text)
  }
  const runner = Runner.start({
    post,
    openLine: () => ({ post, look }),
    receive: (handler) => {
      onMessage = (frame) => {
        heard()
        let message: unknown
        try {
          message = decode(frame)
        } catch (error) {
          runner.choke(error)
          return
        }
        handler(message)
      }
      process.on("message", onMessage)
    },
    release: () => {
      process.removeListener("message", onMessage)
      process.channel?.unref()
    },
    exit: (code) => {
      exitCode = code
      if (unsent === 0 || !process.connected) process.exit(code)
    },
    setExitCode: (code) => {
      process.exitCode = code
    },
    report: (text) => process.stderr.write(`${text}\n`),
    takeConsole,
    memory,
    check: encode,
  })
  const stop = () => runner.stop()
  /** Ctrl-C reaches every process of a terminal; the program tells its children what it makes of it. */
  const ignore = () => {}
  process.on("exit", () => {
    // Together: a write leaves whole or is lost.
    if (logged.size > 0) process.stderr.write([...logged.values(), ""].join("\n"))
  })
  // They keep no runtime alive, and stay: Deno ends by a signal that comes just before its last listener goes.
  process.on("SIGTERM", stop)
  process.on("SIGINT", ignore)
  process.on("disconnect", stop)
  return runner
}
