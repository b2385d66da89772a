/** A program that imports every public module and does nothing. */
import { readdirSync } from "node:fs"

const folder = new URL("../../src/", import.meta.url)
// JavaScript, where the tests run what was compiled from it
const modules = readdirSync(folder).filter((file) => /\.[jt]s$/.test(file))
if (modules.length === 0) throw new Error(`no module in ${folder}`)
for (const file of modules) await import(new URL(file, folder).href)
await import("@multifiber/platform")
