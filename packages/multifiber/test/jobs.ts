import * as Task from "multifiber/Task"
import { type Call, callOf, ORDINARY, type Terms } from "../src/agent/Call.ts"
import { Job } from "../src/agent/Job.ts"

const { nothing } = Task.module("data:text/javascript,//jobs", { nothing: (id: number) => id })

/** A job with a number as its argument. */
export const jobOf = (id: number, terms: Terms = ORDINARY, owner?: Call["owner"]): Job =>
  Job.one({ ...callOf(nothing, 1), terms, owner }, [id])

/** The number of a job with one argument. */
export const idOf = (job: Job): number => job.payload as number
