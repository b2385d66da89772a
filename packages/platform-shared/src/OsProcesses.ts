/**
 * Agents as OS processes, by the `node:child_process` that Node, Deno and Bun have in common: a channel for frames, and
 * the standard streams of the program.
 *
 * @since 0.2.0
 */
import { spawn } from "node:child_process"
import type { Socket } from "node:net"
import { constants } from "node:os"
import process from "node:process"
import { PassThrough, pipeline, type Readable } from "node:stream"
import type { AgentExit, AgentHandle, AgentListener, StartAgent } from "multifiber/Platform"
import { agentUrl } from "./agentFile.ts"
import { decode, encode } from "./Frames.ts"
import { guarded } from "./guard.ts"
import { makeLook } from "./looking.ts"

/**
 * The arguments with which the runtime runs a module, its own options among them. Throws where it cannot.
 *
 * @category models
 * @since 0.2.0
 */
export type ArgumentsFor = (module: URL) => ReadonlyArray<string>

/**
 * The text of a module that a `data:` URL holds, for runtimes that take none as a program.
 *
 * @category getters
 * @since 0.2.0
 */
export const sourceOf = ({ pathname }: URL): string =>
  decodeURIComponent(pathname.slice(pathname.indexOf(",") + 1))

/**
 * Starts OS processes of the runtime that runs the program, by another executable of it where one is given.
 *
 * @category constructors
 * @since 0.2.0
 */
export const makeStartProcess =
  (argumentsFor: ArgumentsFor): StartAgent =>
  (_name, listener, { executable = process.execPath, first, stdio = "inherit" } = {}) => {
    const frame = first && encode(first(false))
    const child = spawn(executable, argumentsFor(agentUrl("process")), {
      serialization: "advanced",
      stdio: ["ignore", stdio, stdio, "ipc"],
    })
    if (frame && child.connected) child.send(frame)
    guarded(child)
    return observe(child, listener)
  }

type Child = ReturnType<typeof spawn>

/** How long the channel may outlive the process, in milliseconds, before it counts as broken. */
const LAST_MESSAGES = 500

/** What a stream of a child gives, kept for a late reader: at the end of the child Node throws away what nobody reads. */
const kept = (stream: Readable): PassThrough => {
  ;(stream as Socket).unref?.()
  // Not `pipe`: its reader would not hear of an error.
  return pipeline(stream, new PassThrough(), () => {})
}

const observe = (child: Child, listener: AgentListener): AgentHandle => {
  let asked: -15 | -9 | undefined
  let exit: AgentExit | undefined
  let told = false
  /** Comes after the last message: the exit and the end of the channel may come in any order. */
  const tell = () => {
    if (told || exit === undefined) return
    told = true
    listener.onExit(exit)
    listener.onGone()
  }
  const ended = (own: number, error?: unknown) => {
    exit ??= { code: asked ?? own, error }
    if (child.connected) setTimeout(tell, LAST_MESSAGES)
    else setImmediate(tell)
  }
  const { heard, look } = makeLook()
  child.on("message", (frame) => {
    heard()
    let message: unknown
    try {
      message = decode(frame)
    } catch (error) {
      listener.onMessageError(error)
      return
    }
    listener.onMessage(message)
  })
  child.on("disconnect", () => setImmediate(tell))
  // On Deno also of a frame that the end of the process has cut.
  child.on("error", (error) => (child.pid === undefined ? ended(1, error) : tell()))
  child.on("exit", (code, signal) => ended(code ?? -constants.signals[signal ?? "SIGKILL"]))
  child.unref()
  // Bun's has none, and does not need it.
  child.channel?.unref?.()
  const post = (message: unknown): void => {
    const frame = encode(message)
    if (child.connected) child.send(frame)
  }
  const output = child.stdout && child.stderr && { stdout: kept(child.stdout), stderr: kept(child.stderr) }
  return {
    id: child.pid ?? 0,
    pid: child.pid ?? 0,
    sharesMemory: false,
    ...(output ? { output } : {}),
    line: { post, look },
    post,
    end: (code) => {
      asked ??= code
      child.kill("SIGKILL")
    },
  }
}
