/** Where the file is that every agent starts with. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { inlineWorker } from "./inlineWorker.ts"

const file = new URL("./multifiber-worker.ts", import.meta.url)

const dataUrl = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`)

/** The worker file beside this module, or its text where a bundler left the file behind. */
export const workerUrl = (): URL => {
  if (file.protocol !== "file:") return dataUrl(`import ${JSON.stringify(file.href)}`)
  return inlineWorker === undefined || existsSync(fileURLToPath(file)) ? file : dataUrl(inlineWorker)
}
