/** Tasks of the programs. */
import process from "node:process"
import * as Flags from "@multifiber/testkit/Flags"
import * as Marks from "@multifiber/testkit/Marks"
import * as LockSync from "multifiber/LockSync"
import * as Task from "multifiber/Task"

const printLater = async (text: string, milliseconds: number) => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  process.stdout.write(`${text}\n`)
  return text
}

export const tasks = Task.module(import.meta.url, {
  /** Prints after a while. */
  printLater,
  /** Prints a while after the mark "go". */
  printAfterGo: async (text: string, marks: Marks.Marks) => {
    await Marks.reached(marks, "go")
    return printLater(text, 200)
  },
  /** The same after a flag. */
  printAfterFlag: async (text: string, flags: Flags.Flags) => {
    await Flags.reached(flags, 0)
    return printLater(text, 200)
  },
  never: (flags: Flags.Flags) => {
    Flags.add(flags, 0)
    return new Promise<never>(() => {})
  },
  spin: (flags: Flags.Flags) => {
    Flags.add(flags, 0)
    for (;;);
  },
  spinMarked: (marks: Marks.Marks, n: number) => {
    Marks.set(marks, `begun ${n}`)
    for (;;);
  },
  failHere: (message: string): never => {
    throw new RangeError(message)
  },
  throwList: (): never => {
    throw ["left", "right"]
  },
  /** Waits for what never comes. */
  waitFor: (lock: LockSync.Lock, flags: Flags.Flags) => {
    Flags.add(flags, 0)
    LockSync.acquireSync(lock)
  },
  throwText: (): never => {
    throw "only text"
  },
  size: (value: { readonly big: Uint8Array }) => value.big.length,
})
