/** How jobs travel to an agent: in segments, one for each run of calls that are alike, with their arguments in a row. */
import type { Task } from "../Task.ts"
import type { Segment, TaskName } from "../wire/Protocol.ts"
import type { Packed } from "../wire/packed.ts"
import { type Call, spanOf } from "./Call.ts"
import type { Job } from "./Job.ts"

export class Segments {
  /** The tasks whose names the agent has been told, by number. */
  private readonly numbers = new Map<Task.Any, number>()

  /** Lays jobs out; the names are those of tasks that the agent has not been told of. Call `told` once it has. */
  of(jobs: ReadonlyArray<Job>): {
    readonly segments: ReadonlyArray<Segment>
    readonly names: ReadonlyArray<TaskName>
    readonly told: () => void
  } {
    const segments: Array<Segment> = []
    const tasks: Array<Task.Any> = []
    for (let i = 0; i < jobs.length; ) {
      const { call, payload } = jobs[i] as Job
      const { arity, task } = call
      const more = {
        ...spanOf(call),
        ...(call.terms.timeout === undefined ? {} : { isTimed: true as const }),
      }
      const number = this.numbers.get(task) ?? this.numbers.size + indexOrPush(tasks, task)
      if (arity < 0) {
        segments.push({ task: number, arity, values: payload as Packed, calls: 1, ...more })
        i++
        continue
      }
      const values: Array<unknown> = []
      const from = i
      for (; i < jobs.length; i++) {
        const job = jobs[i] as Job
        if (job.call !== call && !isAlike(job.call, call)) break
        job.appendTo(values)
      }
      segments.push({ task: number, arity, values, calls: i - from, ...more })
    }
    return {
      segments,
      names: tasks.map(({ name, url }) => ({ url, name })),
      told: () => {
        for (const task of tasks) this.numbers.set(task, this.numbers.size)
      },
    }
  }
}

const indexOrPush = <A>(array: Array<A>, value: A): number => {
  const index = array.indexOf(value)
  return index === -1 ? array.push(value) - 1 : index
}

/** They may travel in one segment. */
const isAlike = (left: Call, right: Call): boolean =>
  left.task === right.task &&
  left.arity === right.arity &&
  left.span === right.span &&
  left.terms.timeout === right.terms.timeout
