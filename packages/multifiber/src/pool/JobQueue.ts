/** The jobs that wait for a worker: by priority, and first in first out among equals. */
import { isAlone } from "../agent/Call.ts"
import type { Job } from "../agent/Job.ts"
import { Lane } from "./Lane.ts"

const priorityOf = (job: Job): number => job.call.terms.priority

export class JobQueue {
  /** One for each priority that was ever seen, the highest first. */
  private readonly lanes: Array<{ readonly priority: number; readonly lane: Lane }> = []

  /** Jobs in the queue, cancelled ones among them. */
  get size(): number {
    let size = 0
    for (const { lane } of this.lanes) size += lane.size
    return size
  }

  push(job: Job): void {
    this.laneOf(priorityOf(job)).push(job)
  }

  /** Puts jobs back before all others of their priorities, in their order. */
  unshift(jobs: ReadonlyArray<Job>): void {
    const priorities = new Set(jobs.map(priorityOf))
    for (const priority of priorities) {
      this.laneOf(priority).unshift(jobs.filter((job) => priorityOf(job) === priority))
    }
  }

  /** Takes at most `count` jobs for a worker. Some go alone, and to a worker that has nothing else. */
  take(count: number, isIdle: boolean): Array<Job> {
    const taken: Array<Job> = []
    for (const { lane } of this.lanes) {
      while (taken.length < count) {
        const job = lane.peek()
        if (job === undefined) break
        const alone = isAlone(job.call.terms)
        if (alone && (taken.length > 0 || !isIdle)) return taken
        lane.shift()
        taken.push(job)
        if (alone) return taken
      }
    }
    return taken
  }

  /** Takes all. */
  drain(): Array<Job> {
    const taken: Array<Job> = []
    for (const { lane } of this.lanes) {
      for (let job = lane.peek(); job !== undefined; job = lane.peek()) {
        lane.shift()
        taken.push(job)
      }
    }
    return taken
  }

  private laneOf(priority: number): Lane {
    const index = this.lanes.findIndex((lane) => lane.priority <= priority)
    const found = this.lanes[index]
    if (found?.priority === priority) return found.lane
    const lane = new Lane()
    this.lanes.splice(index === -1 ? this.lanes.length : index, 0, { priority, lane })
    return lane
  }
}
