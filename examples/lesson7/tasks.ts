import { Effect, Option } from "effect"
import { BaseProxy, DictProxy, JoinableQueue, Lock, Queue } from "multifiber"
import * as Task from "multifiber/Task"

/** What some word is counted to, in a map: every process that gets it has a copy of its own. */
type Counts = Map<string, number>

type Shared = DictProxy.DictProxy<string, number>

const counts: Counts = new Map()

let jobs: JoinableQueue.JoinableQueue<string> | undefined

/** What the manager may run: to make what programs share, and to change it in one step. */
export const registered = Task.module(import.meta.url, {
  getCounts: () => counts,
  getJobs: () =>
    Effect.gen(function* () {
      jobs ??= yield* JoinableQueue.make<string>()
      return jobs
    }),
  countUp: (counts: Counts, word: string) => {
    counts.set(word, (counts.get(word) ?? 0) + 1)
  },
})

export const { countInCopy, countWithLock, countAtOnce, work } = Task.module(import.meta.url, {
  /** Changes the copy that this process has got: nobody sees it. */
  countInCopy: (counts: Counts, word: string) => {
    counts.set(word, (counts.get(word) ?? 0) + 1)
  },
  /** To read and to write are two steps, which a lock keeps together. */
  countWithLock: (counts: Shared, lock: Lock.Lock, word: string) =>
    Lock.withLock(
      Effect.flatMap(DictProxy.get(counts, word), (count) =>
        DictProxy.set(counts, word, Option.getOrElse(count, () => 0) + 1),
      ),
      lock,
    ),
  /** The manager does both in one step. */
  countAtOnce: (counts: Shared, word: string) => BaseProxy.modify(counts, registered.countUp, word),
  /** Takes jobs until there is an empty one. */
  work: (jobs: JoinableQueue.JoinableQueue<string>, counts: Shared) =>
    Queue.get(jobs).pipe(
      Effect.tap((word) => (word === "" ? Effect.void : BaseProxy.modify(counts, registered.countUp, word))),
      Effect.tap(JoinableQueue.taskDone(jobs)),
      Effect.repeat({ until: (word) => word === "" }),
    ),
})
