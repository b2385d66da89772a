/** A first-in first-out list of jobs, linked through the jobs themselves. Cancelled jobs are dropped when their turn comes. */
import type { Job } from "../agent/Job.ts"

export class JobQueue {
  private first: Job | undefined = undefined
  private last: Job | undefined = undefined
  /** Jobs in the list, cancelled ones among them. */
  size = 0

  push(job: Job): void {
    if (this.last === undefined) this.first = job
    else this.last.next = job
    this.last = job
    this.size++
  }

  /** Puts jobs back before all others, in their order. */
  unshift(jobs: ReadonlyArray<Job>): void {
    for (let i = jobs.length - 1; i >= 0; i--) {
      const job = jobs[i] as Job
      job.next = this.first
      this.first = job
      this.last ??= job
      this.size++
    }
  }

  /** Takes at most `count` jobs that still wait for their result. */
  take(count: number): Array<Job> {
    const taken: Array<Job> = []
    while (taken.length < count && this.first !== undefined) {
      const job = this.first
      this.first = job.next
      job.next = undefined
      this.size--
      if (job.status === "waiting") taken.push(job)
    }
    if (this.first === undefined) this.last = undefined
    return taken
  }
}
