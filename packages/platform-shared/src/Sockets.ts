/**
 * Sockets of `node:net`, which the three runtimes have alike.
 *
 * @since 0.8.0
 */
import { connect, createServer, type Socket as NetSocket, type Server } from "node:net"
import type { Address, Socket, Sockets } from "multifiber/Platform"

/** Milliseconds of silence after which the system asks whether the other side lives. */
const KEEP_ALIVE = 60_000

const optionsOf = (address: Address) => (typeof address === "string" ? { path: address } : address)

/** Waits for an event, unless an error comes before. */
const once = (emitter: NetSocket | Server, event: "connect" | "listening"): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = () => {
      emitter.off("error", reject)
      resolve()
    }
    emitter.once("error", (error) => {
      emitter.off(event, done)
      reject(error)
    })
    emitter.once(event, done)
  })

const socketOf = (socket: NetSocket): Socket => {
  const { remoteAddress: host, remotePort: port } = socket
  let failure: unknown
  // What breaks is closed next.
  socket.on("error", (error) => {
    failure = error
  })
  const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()))
  socket.setNoDelay(true)
  // A machine that is gone says nothing: the system asks for it.
  socket.setKeepAlive(true, KEEP_ALIVE)
  socket.unref()
  return {
    peer: host === undefined || port === undefined ? undefined : { host, port },
    listen: ({ onData, onDrain, onEnd }) => {
      socket.on("data", onData)
      socket.on("drain", onDrain)
      let isOver = false
      const end = () => {
        if (!isOver) onEnd(failure)
        isOver = true
      }
      socket.once("end", end)
      void closed.then(end)
      socket.resume()
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    write: (bytes) => socket.destroyed || socket.write(bytes),
    end: (done) => {
      void closed.then(done)
      socket.end(done)
    },
    destroy: () => void socket.destroy(),
  }
}

/**
 * The sockets of this runtime.
 *
 * @category constructors
 * @since 0.8.0
 */
export const sockets: Sockets = {
  listen: async (address, { onError, onSocket }) => {
    // Half of a connection stays open: what was written before the other side's end leaves all the same.
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      onSocket(socketOf(socket)),
    )
    server.listen(optionsOf(address))
    await once(server, "listening")
    server.on("error", onError)
    server.unref()
    const bound = server.address()
    return {
      address:
        bound === null || typeof bound === "string" ? address : { host: bound.address, port: bound.port },
      close: () => void server.close(),
    }
  },
  connect: async (address, abandon) => {
    const socket = connect({ ...optionsOf(address), allowHalfOpen: true })
    const giveUp = () => void socket.destroy(new Error("nobody waits for the connection any more"))
    abandon.addEventListener("abort", giveUp, { once: true })
    await once(socket, "connect")
    return socketOf(socket)
  },
}
