/**
 * Signals between a test and its tasks in any agent, OS processes among them: files of a folder that a task makes and a
 * test waits for, or the other way round. Loads nothing of `effect`, so tasks import it too.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"

/** The path of the folder: it travels anywhere. */
export type Marks = string

const LOOK = 5

export const make = (): Marks => mkdtempSync(join(tmpdir(), "multifiber-marks-"))

export const remove = (marks: Marks): void => rmSync(marks, { recursive: true, force: true })

export const set = (marks: Marks, name: string): void => writeFileSync(join(marks, name), "")

/** Those that are set, in no order. */
export const names = (marks: Marks): ReadonlyArray<string> => readdirSync(marks)

export const isSet = (marks: Marks, name: string): boolean => existsSync(join(marks, name))

/** Keeps the thread busy until the mark is set, or its folder is gone. */
export const spin = (marks: Marks, name: string): void => {
  while (existsSync(marks) && !isSet(marks, name));
}

export const reached = async (marks: Marks, name: string): Promise<void> => {
  while (!isSet(marks, name)) await setTimeout(LOOK)
}
