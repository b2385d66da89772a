/** Finds the function of a task: imports its module and looks into the registry that `Task.module` filled. */
import * as Agent from "../Agent.ts"
import * as Task from "../Task.ts"
import { encodeError } from "../wire/EncodedError.ts"
import type { Failure, TaskName } from "../wire/Protocol.ts"

export type Defined = Exclude<ReturnType<typeof Task.lookup>, string | undefined>

export const load = async ({ name, url }: TaskName): Promise<Defined | Failure> => {
  const agent = Agent.current()
  agent.importing = true
  try {
    await import(url)
  } catch (thrown) {
    return { kind: "notLoaded", error: encodeError(thrown) }
  } finally {
    agent.importing = false
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
