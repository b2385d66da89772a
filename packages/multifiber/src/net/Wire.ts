/** A socket as frames: what arrives waits here until it is read, and the socket waits meanwhile. */
import * as Effect from "effect/Effect"
import type { Socket } from "../Platform.ts"
import { FrameReader, Violation } from "./Frames.ts"

/** So many bytes wait at most, unless a single frame has more. */
const HIGH = 2 ** 16

/** The other side has so long to end, once this one has. */
export const LINGER = "2 seconds"

export class Wire {
  readonly socket: Socket
  readonly reader: FrameReader
  /** The other side sends no more. */
  private isEnded = false
  /** Why, where the socket broke. */
  failure: unknown = undefined
  private isPaused = false
  private isFull = false
  /** What arrives is not wanted. */
  private isDeaf = false
  private onArrival = () => {}
  private onDrain = () => {}

  /** Frames have so many bytes at most, to begin with. */
  constructor(socket: Socket, limit: number) {
    this.socket = socket
    this.reader = new FrameReader(limit)
    socket.listen({
      onData: (bytes) => {
        if (this.isDeaf) return
        this.reader.push(bytes)
        if (!this.isPaused && this.reader.hasNext && this.reader.size > HIGH) {
          this.isPaused = true
          socket.pause()
        }
        this.onArrival()
      },
      onDrain: () => {
        this.isFull = false
        this.onDrain()
      },
      onEnd: (failure) => {
        this.isEnded = true
        this.failure = failure
        this.isFull = false
        this.onArrival()
        this.onDrain()
      },
    })
  }

  /** The next frame; none where the other side sends no more. Fails with `Violation`. One reads at a time. */
  readonly read: Effect.Effect<Uint8Array | undefined, Violation> = Effect.suspend(() => {
    const next = this.next()
    if (next instanceof Violation) return Effect.fail(next)
    if (next !== undefined || this.isEnded) return Effect.succeed(next)
    const arrival = Effect.async<void>((resume) => {
      this.onArrival = () => resume(Effect.void)
      if (this.reader.hasNext || this.isEnded) this.onArrival()
    })
    return Effect.zipRight(arrival, this.read)
  })

  private next(): Uint8Array | Violation | undefined {
    try {
      return this.reader.next()
    } catch (violation) {
      return violation as Violation
    } finally {
      if (this.isPaused && this.reader.size < HIGH) {
        this.isPaused = false
        this.socket.resume()
      }
    }
  }

  /** Writes, and waits while the socket is full. One writes at a time. */
  write(bytes: Uint8Array): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.send(bytes)
      return this.drained
    })
  }

  /** Writes, however full the socket is. */
  send(bytes: Uint8Array): void {
    if (!this.socket.write(bytes) && !this.isEnded) this.isFull = true
  }

  /** Waits while the socket is full. One waits at a time. */
  readonly drained: Effect.Effect<void> = Effect.suspend(() => {
    if (!this.isFull) return Effect.void
    return Effect.async((resume) => {
      this.onDrain = () => resume(Effect.void)
      if (!this.isFull) this.onDrain()
    })
  })

  /** Writes no more, and returns once everything has left, or cannot leave. */
  readonly end: Effect.Effect<void> = Effect.async((resume) => this.socket.end(() => resume(Effect.void)))

  readonly destroy: Effect.Effect<void> = Effect.sync(() => this.socket.destroy())

  /** Returns once the other side has ended, and hears nothing until then. */
  private readonly drain: Effect.Effect<void> = Effect.async((resume) => {
    this.isDeaf = true
    this.socket.resume()
    this.onArrival = () => {
      if (this.isEnded) resume(Effect.void)
    }
    this.onArrival()
  })

  /** Gives the socket back: a while later, since what was written may not arrive where something is left to be read. */
  readonly hangUp: Effect.Effect<void> = Effect.zipRight(this.end, this.drain).pipe(
    Effect.timeoutOption(LINGER),
    Effect.zipRight(this.destroy),
  )
}
