/** The line between a thread and its starter: a port at which one may look for what comes, instead of giving up the thread. */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads"
import type { Line } from "multifiber/Platform"
import { open, seal } from "./envelope.ts"

/** An end of a line, as a thread is born with it. */
export interface LineEnd {
  readonly port: MessagePort
  /** Where there is one core, who looks keeps the other from answering. */
  readonly mayLook: boolean
}

/** How long one looks, in milliseconds: about as long as a wake-up takes. */
const LOOK = 0.05

/** For how long looks may keep the event loop from going round, in milliseconds. */
const TURN = 1

export const makeLine = (
  { mayLook, port }: LineEnd,
  onMessage: (message: unknown) => void,
  onError: (error: unknown) => void,
): Line => {
  /** When the first look in this turn of the event loop began. */
  let since: number | undefined
  port.on("message", (message) => onMessage(open(message)))
  port.on("messageerror", onError)
  return {
    post: (message) => port.postMessage(seal(message)),
    look: () => {
      if (!mayLook) return
      const begin = performance.now()
      if (since === undefined) {
        since = begin
        setTimeout(() => {
          since = undefined
        })
      }
      if (begin - since > TURN) return
      do {
        const received = receiveMessageOnPort(port)
        if (received !== undefined) {
          onMessage(open(received.message))
          return
        }
      } while (performance.now() - begin < LOOK)
    },
  }
}

/** Has everything heard that has come and that nobody has looked for. */
export const drain = (port: MessagePort, onMessage: (message: unknown) => void): void => {
  for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
    onMessage(open(received.message))
  }
}
