/**
 * A first-in first-out list of jobs, in chunks: a list linked through the jobs would have the garbage collector follow a
 * million of them one by one. Cancelled jobs are dropped when their turn comes.
 */
import type { Job } from "../agent/Job.ts"

const CHUNK = 1024

export class Lane {
  private readonly chunks: Array<Array<Job | undefined>> = [[]]
  /** Where the first job is in the first chunk. */
  private head = 0
  /** Jobs in the list, cancelled ones among them. */
  size = 0

  push(job: Job): void {
    const last = this.chunks[this.chunks.length - 1] as Array<Job | undefined>
    if (last.length < CHUNK) last.push(job)
    else this.chunks.push([job])
    this.size++
  }

  /** Puts jobs back before all others, in their order. */
  unshift(jobs: ReadonlyArray<Job>): void {
    const first = this.chunks[0] as Array<Job | undefined>
    first.splice(0, this.head, ...jobs)
    this.head = 0
    this.size += jobs.length
  }

  /** The first job that still waits for its result. */
  peek(): Job | undefined {
    while (this.size > 0) {
      const job = (this.chunks[0] as Array<Job | undefined>)[this.head] as Job
      if (job.status === "waiting") return job
      this.shift()
    }
    return undefined
  }

  /** Drops the first job. */
  shift(): void {
    const first = this.chunks[0] as Array<Job | undefined>
    first[this.head++] = undefined
    this.size--
    if (this.head === first.length) this.dropFirst()
  }

  private dropFirst(): void {
    this.chunks.shift()
    this.head = 0
    if (this.chunks.length === 0) this.chunks.push([])
  }
}
