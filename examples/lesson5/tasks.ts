import * as ArraySync from "multifiber/ArraySync"
import * as ConnectionSync from "multifiber/ConnectionSync"
import * as QueueSync from "multifiber/QueueSync"
import * as Task from "multifiber/Task"

/** What a process found: how many numbers from `from` to `to` are prime. */
export interface Found {
  readonly from: number
  readonly to: number
  readonly primes: number
}

const isPrime = (n: number): boolean => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false
  return n > 1
}

const search = (from: number, to: number): Found => {
  let primes = 0
  for (let n = from; n < to; n++) if (isPrime(n)) primes++
  return { from, to, primes }
}

export const { throughPipe, throughQueue, throughArray } = Task.module(import.meta.url, {
  /** Each process has a pipe of its own, and closes it when it has sent what it found. */
  throughPipe: (end: ConnectionSync.Connection<Found, never>, from: number, to: number) => {
    ConnectionSync.sendSync(end, search(from, to))
    ConnectionSync.closeSync(end)
  },
  /** All put into one queue, in the order in which they are done. */
  throughQueue: (queue: QueueSync.Queue<Found>, from: number, to: number) => {
    QueueSync.putSync(queue, search(from, to))
  },
  /** Each has a place in the array. */
  throughArray: (counts: ArraySync.Array<"i32">, index: number, from: number, to: number) => {
    ArraySync.setSync(counts, index, search(from, to).primes)
  },
})
