/** Where the files are that agents start with. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { inlineAgents } from "./inlineAgents.ts"

const files = {
  thread: new URL("./multifiber-thread.ts", import.meta.url),
  process: new URL("./multifiber-process.ts", import.meta.url),
}

const dataUrl = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`)

/** The file beside this module, or its text where a bundler left the file behind. */
export const agentUrl = (kind: "thread" | "process"): URL => {
  const file = files[kind]
  if (file.protocol !== "file:") return dataUrl(`import ${JSON.stringify(file.href)}`)
  return inlineAgents === undefined || existsSync(fileURLToPath(file)) ? file : dataUrl(inlineAgents[kind])
}
