import * as QueueSync from "multifiber/QueueSync"
import * as Task from "multifiber/Task"

export interface Small {
  readonly id: number
  readonly name: string
}

type Numbers = QueueSync.Queue<number>
type Objects = QueueSync.Queue<Small>

/** One function for each kind of message: neither shall slow the other down. */
export const tasks = Task.module(import.meta.url, {
  putNumbers: (queue: Numbers, n: number): void => {
    for (let i = 0; i < n; i++) QueueSync.putSync(queue, i)
  },
  /** Messages a second, from the first to the last. */
  getNumbers: (queue: Numbers, n: number): number => {
    let sum = QueueSync.getSync(queue)
    const begin = performance.now()
    for (let i = 1; i < n; i++) sum += QueueSync.getSync(queue)
    const seconds = (performance.now() - begin) / 1000
    if (sum !== (n * (n - 1)) / 2) throw new Error(`the sum is ${sum}`)
    return (n - 1) / seconds
  },
  putObjects: (queue: Objects, n: number): void => {
    for (let i = 0; i < n; i++) QueueSync.putSync(queue, { id: i, name: "a small object" })
  },
  getObjects: (queue: Objects, n: number): number => {
    let sum = QueueSync.getSync(queue).id
    const begin = performance.now()
    for (let i = 1; i < n; i++) sum += QueueSync.getSync(queue).id
    const seconds = (performance.now() - begin) / 1000
    if (sum !== (n * (n - 1)) / 2) throw new Error(`the sum is ${sum}`)
    return (n - 1) / seconds
  },
})
