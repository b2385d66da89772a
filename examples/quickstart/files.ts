import * as fs from "node:fs/promises"
import { Data, Effect } from "effect"

export class NotWritten extends Data.TaggedError("NotWritten")<{
  readonly path: string
  readonly cause: unknown
}> {
  override get message() {
    return `Cannot write ${this.path}: ${this.cause instanceof Error ? this.cause.message : this.cause}`
  }
}

export const makeFolder = (path: string) => writing(path, () => fs.mkdir(path, { recursive: true }))

export const writeFile = (path: string, content: string | Uint8Array) =>
  writing(path, () => fs.writeFile(path, content))

const writing = (path: string, write: () => Promise<unknown>): Effect.Effect<void, NotWritten> =>
  Effect.asVoid(Effect.tryPromise({ try: write, catch: (cause) => new NotWritten({ path, cause }) }))
