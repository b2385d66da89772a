/** A program that imports every public module and does nothing. */
import { readdirSync } from "node:fs"

const folder = new URL("../../src/", import.meta.url)
for (const file of readdirSync(folder)) {
  if (file.endsWith(".ts")) await import(new URL(file, folder).href)
}
await import("@multifiber/platform")
