import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** Source files of the installed packages, in batches of about the same size. */
export interface Corpus {
  readonly files: number
  readonly bytes: number
  readonly batches: ReadonlyArray<ReadonlyArray<string>>
}

const maxBytes = 60_000_000
const batchBytes = 2_000_000

/** Larger files are bundles, and one of them would keep a single worker busy for long. */
const maxFileBytes = 1_000_000

export const findCorpus = (): Corpus => {
  const batches: Array<ReadonlyArray<string>> = []
  let batch: Array<string> = []
  let files = 0
  let bytes = 0
  let room = 0
  for (const path of sourceFiles(installedPackages()).sort()) {
    // Reading tells the size, and warms the file cache: the serial run, which comes first, must not pay for the disk.
    const size = readFileSync(path).length
    if (size > maxFileBytes) continue
    if (bytes + size > maxBytes) break
    if (size > room) {
      batch = []
      batches.push(batch)
      room = batchBytes
    }
    batch.push(path)
    room -= size
    files += 1
    bytes += size
  }
  return { files, bytes, batches }
}

/** The outermost node_modules folder that holds `effect`: with pnpm, packages live in its .pnpm folder. */
const installedPackages = (): string => {
  const effect = fileURLToPath(import.meta.resolve("effect"))
  const folder = "node_modules"
  return effect.slice(0, effect.indexOf(folder) + folder.length)
}

/** Links are not followed, so pnpm's links between packages list no file twice. */
const sourceFiles = (folder: string): Array<string> =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return isCache(entry.name) ? [] : sourceFiles(path)
    return entry.isFile() && /\.(ts|js|md)$/.test(entry.name) ? [path] : []
  })

const isCache = (name: string) => name.startsWith(".") && name !== ".pnpm"
