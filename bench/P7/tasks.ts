import { Effect } from "effect"
import * as Connection from "multifiber/Connection"
import * as ConnectionSync from "multifiber/ConnectionSync"
import * as Task from "multifiber/Task"
import { roundTrips } from "./roundTrips.ts"

type End = Connection.Connection<number, number>

/** Ends the echo. */
export const STOP = -1

export const tasks = Task.module(import.meta.url, {
  echo: (end: End): void => {
    for (let value = ConnectionSync.recvSync(end); value !== STOP; value = ConnectionSync.recvSync(end)) {
      ConnectionSync.sendSync(end, value)
    }
  },
  /** Microseconds of a round trip. */
  ping: (end: End, seconds: number, n: number): number => {
    const median = roundTrips(seconds, n, (value) => {
      ConnectionSync.sendSync(end, value)
      return ConnectionSync.recvSync(end)
    })
    ConnectionSync.sendSync(end, STOP)
    return median
  },
  echoEffect: (end: End) =>
    Effect.gen(function* () {
      for (let value = yield* Connection.recv(end); value !== STOP; value = yield* Connection.recv(end)) {
        yield* Connection.send(end, value)
      }
    }),
})
