/** Files of the installed packages, in batches of about the same size. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export interface Wanted {
  readonly name: RegExp
  /** Larger files are left out: one of them would keep a worker busy for long. */
  readonly maxFileBytes: number
  readonly batchBytes: number
  readonly maxBytes: number
}

export const batches = (folder: string, wanted: Wanted): ReadonlyArray<ReadonlyArray<string>> => {
  const found: Array<Array<string>> = []
  let batch: Array<string> = []
  let bytes = 0
  let room = 0
  for (const path of filesIn(folder, wanted.name).sort()) {
    // Reading tells the size, and warms the file cache: nobody shall wait for the disk.
    const size = readFileSync(path).length
    if (size > wanted.maxFileBytes) continue
    if (bytes + size > wanted.maxBytes) break
    if (size > room) {
      batch = []
      found.push(batch)
      room = wanted.batchBytes
    }
    batch.push(path)
    bytes += size
    room -= size
  }
  return found
}

/** The outermost node_modules folder that holds `effect`: with pnpm, packages live in its .pnpm folder. */
export const installedPackages = (): string => {
  const effect = fileURLToPath(import.meta.resolve("effect"))
  const folder = "node_modules"
  return effect.slice(0, effect.indexOf(folder) + folder.length)
}

/** Links are not followed, so that pnpm's links between packages list no file twice. */
const filesIn = (folder: string, name: RegExp): Array<string> =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return isCache(entry.name) ? [] : filesIn(path, name)
    return entry.isFile() && name.test(entry.name) ? [path] : []
  })

const isCache = (name: string): boolean => name.startsWith(".") && name !== ".pnpm"
