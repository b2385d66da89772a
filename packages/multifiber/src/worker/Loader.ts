/** Finds the function of a task: imports its module and looks into the registry that `Task.module` filled. */
import * as Agent from "../Agent.ts"
import * as Task from "../Task.ts"
import { encodeError } from "../wire/EncodedError.ts"
import type { Failure, TaskName } from "../wire/Protocol.ts"

export type Defined = Exclude<ReturnType<typeof Task.lookup>, string | undefined>

/** URLs of the modules that are here: the second `import()` of a module takes milliseconds where it is the agent's second. */
const imported = new Set<string>()

/** Imports a module; what stands at its top level may start no agents meanwhile. */
export const importModule = async (url: string): Promise<void> => {
  if (imported.has(url)) return
  const agent = Agent.state()
  agent.importing = true
  try {
    await import(url)
  } finally {
    agent.importing = false
  }
  imported.add(url)
}

let preloading: Promise<void> | undefined

/**
 * Imports modules ahead of their tasks, one after the other, then calls `done`. One that does not load is told of when its
 * task runs.
 */
export const preload = (urls: ReadonlyArray<string>, done: () => void): void => {
  const all = async () => {
    for (const url of urls) await importModule(url).catch(() => {})
    preloading = undefined
    done()
  }
  preloading = all()
}

export const load = async ({ name, url }: TaskName): Promise<Defined | Failure> => {
  // A task may start agents, a module that is imported may not.
  await preloading
  try {
    await importModule(url)
  } catch (thrown) {
    return { kind: "notLoaded", error: encodeError(thrown) }
  }
  const task = Task.lookup(url, name)
  if (task === undefined) {
    return {
      kind: "notFound",
      reason:
        "loading the module does not define it: call Task.module(import.meta.url, …) at the module's top level",
    }
  }
  if (task === "ambiguous") {
    return {
      kind: "notFound",
      reason: "the module defines this name twice: give each task of a file its own name",
    }
  }
  return task
}
