/**
 * What the starter of an agent and the agent's runner say to each other. Loads nothing: workers of plain tasks use it.
 *
 * Tasks have no ids on the wire: both sides count them. The sender numbers what it sends; the runner takes tasks in that
 * order and reports how far it came. Values travel as columns of one batch (a struct of arrays), which costs a third of
 * a message per task.
 */
import type { Membership, Parent, StartMethod } from "../Agent.ts"
import type { Answer, Question } from "../agent/Names.ts"
import type { EncodedError } from "./EncodedError.ts"
import type { Packed } from "./packed.ts"

/** Raised whenever a message changes its shape. */
export const VERSION = 1

export const Op = {
  Run: 0,
  Stop: 1,
  Ready: 2,
  Settled: 3,
  Dying: 4,
  Preload: 5,
  Boot: 6,
  Interrupt: 7,
  Log: 8,
  Ask: 9,
  Answer: 10,
  Call: 11,
  Cancel: 12,
  Outcome: 13,
  Release: 14,
  Drop: 15,
  Hears: 16,
  Begun: 17,
  Left: 18,
  Calls: 19,
  Outcomes: 20,
  Preloaded: 21,
} as const

/** With what an agent ends itself when it was asked to stop: 128 + SIGTERM, as shells have it. */
export const STOPPED = 143

/** Who an agent is, and what it takes over from its starter: its first message, in a reserve the one after `Preload`. */
export interface Boot {
  readonly version: number
  readonly name: string
  readonly path: ReadonlyArray<number>
  readonly daemon: boolean
  readonly startMethod: StartMethod
  readonly parent: Parent
  /** Values of `Inherited`, by name. */
  readonly inherited: Readonly<Record<string, unknown>>
  /** Memory of the claims (`@multifiber/kernel/Claims`); none where the agent shares no memory with its starter. */
  readonly claims: SharedArrayBuffer | undefined
  /** Who it is among the agents that share memory; none where it shares none with its starter. */
  readonly membership: Membership | undefined
  /** The lowest level that is sent to the starter, as Effect numbers levels; none where the agent logs by itself. */
  readonly logLevel: number | undefined
  /** The module with the platform that starts it, for agents of its own. */
  readonly platform: string | undefined
  /** What the agent does after its tasks: a pool's worker waits for more, a process ends. */
  readonly lifetime: "worker" | "process"
  /** What it reports of itself beyond its results. */
  readonly watch: { readonly times: boolean; readonly memory: boolean }
}

/** How much memory an agent uses, in bytes. */
export interface Memory {
  readonly heap: number
  /** Of its OS process. */
  readonly rss: number
}

/** What a child logs, for the loggers of its starter. */
export interface LogRecord {
  /** As Effect's `LogLevel` tags it. */
  readonly level: "Trace" | "Debug" | "Info" | "Warning" | "Error" | "Fatal" | "All" | "None"
  readonly messages: ReadonlyArray<EncodedError>
  /** The failures and defects of its cause. */
  readonly errors: ReadonlyArray<EncodedError>
  readonly annotations: ReadonlyArray<readonly [key: string, value: unknown]>
  /** Log spans: when each began. */
  readonly spans: ReadonlyArray<readonly [label: string, startTime: number]>
}

/** The span that a call belongs to. */
export interface SpanId {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** A task of this agent: numbered by its first use, and named in that message only. */
export interface TaskName {
  readonly url: string
  readonly name: string
}

/**
 * Consecutive calls of one task with the same number of arguments, made in the same span.
 *
 * `values` holds the arguments call by call. Where `arity` is `EACH`, the segment is a single call over many items: the
 * task runs once for each value, and the result is the array of results. `EACH_LIST` is the same where each item is a list
 * of arguments. Where it is `RANGE`, the segment is a single call over all slices of a range that the agent can get; the result is the
 * array of pairs of a slice's number and its result.
 */
export interface Segment {
  readonly task: number
  readonly arity: number
  /** The items of a map are packed. */
  readonly values: Packed
  readonly calls: number
  readonly span?: SpanId
  /** The runner tells when it begins. */
  readonly isTimed?: true
}

export const EACH = -1
export const EACH_LIST = -2
export const RANGE = -3

/** What agents share that go through a range together: the argument of a call whose arity is `RANGE`. */
export interface SharedRange {
  /** One word: the number of the next slice. */
  readonly cursor: SharedArrayBuffer
  readonly from: number
  readonly to: number
  readonly grain: number
  readonly slices: number
  /** The arguments after those that name the slice. */
  readonly args: ReadonlyArray<unknown>
}

export interface Run {
  readonly op: typeof Op.Run
  readonly segments: ReadonlyArray<Segment>
  /** Tasks that this message uses for the first time, in the order of their numbers. */
  readonly names?: ReadonlyArray<TaskName>
  /** Whether there are handles among the values. Comes last: it is known once the values are cloned. */
  readonly hasHandles: boolean
}

export type ToAgent =
  /** With what the agent is to run at once, where that is known: a thread need not wait for its first message then. */
  | { readonly op: typeof Op.Boot; readonly boot: Boot; readonly run: Run | undefined }
  /** Modules to import ahead of any task, for an agent of a reserve. */
  | { readonly op: typeof Op.Preload; readonly urls: ReadonlyArray<string> }
  | Run
  | { readonly op: typeof Op.Stop }
  | { readonly op: typeof Op.Interrupt }
  /** Nobody wants the result of this call any more. */
  | { readonly op: typeof Op.Drop; readonly sequence: number }
  /** To the oldest question without an answer. */
  | { readonly op: typeof Op.Answer; readonly answer: Answer }
  | { readonly op: typeof Op.Outcome; readonly id: number; readonly outcome: Outcome }
  | ToManager

/** What one says who asks for what others have: to a manager, its starter or another program. */
export type ToManager =
  | { readonly op: typeof Op.Calls; readonly runs: ReadonlyArray<CallRun> }
  | { readonly op: typeof Op.Cancel; readonly id: number }
  | Release
  | Left

/** Consecutive calls of one method with the same number of arguments, as columns: the arguments stand call by call. */
export interface CallRun extends Omit<Call, "args"> {
  readonly arity: number
  readonly ids: ReadonlyArray<number>
  readonly args: ReadonlyArray<unknown>
}

/** What the others answer, as columns. */
export interface Outcomes {
  readonly op: typeof Op.Outcomes
  readonly ids: ReadonlyArray<number>
  /** What was done has brought about. */
  readonly values: ReadonlyArray<unknown>
  /** What else has become of some of them, by their places. */
  readonly others: ReadonlyArray<readonly [index: number, outcome: Outcome]>
}

export type Numbered<A> = readonly [id: number, value: A]

/** What has this handle is not used any more; of what is counted, that which came so many times. */
interface Release {
  readonly op: typeof Op.Release
  readonly target: string
  readonly times?: number
}

/** An agent is gone whose calls were passed on: its path. */
interface Left {
  readonly op: typeof Op.Left
  readonly agent: string
}

/** An operation on something that the starter has, or an agent above it. */
export interface Call {
  /** Who asks: the path of the agent. Its runner fills that in. */
  readonly from?: string
  /** The id of its handle. */
  readonly target: string
  readonly method: string
  readonly args: ReadonlyArray<unknown>
}

/** What came of it. */
export type Outcome =
  | { readonly is: "done"; readonly value: unknown }
  /** There was nothing to do, at once or in time. */
  | { readonly is: "nothing" }
  /** It was withdrawn, and has done nothing. */
  | { readonly is: "withdrawn" }
  /** One of multifiber's errors. */
  | { readonly is: "failed"; readonly tag: string; readonly fields: object }
  /** What a method of a managed object has failed with. */
  | { readonly is: "raised"; readonly failure: Failure }

/** Why a task failed, as data. */
export type Failure =
  | { readonly kind: "raised"; readonly error: EncodedError }
  | { readonly kind: "typed"; readonly value: unknown }
  | { readonly kind: "interrupted" }
  | {
      readonly kind: "encoding"
      readonly subject: "argument" | "result" | "error"
      readonly value: string
      readonly error: EncodedError
    }
  | { readonly kind: "notFound"; readonly reason: string }
  | { readonly kind: "notLoaded"; readonly error: EncodedError }
  | { readonly kind: "initializer"; readonly url: string; readonly error: EncodedError }

export type FromAgent =
  /** An agent of a reserve has imported its modules. */
  | { readonly op: typeof Op.Preloaded }
  | { readonly op: typeof Op.Ready; readonly version: number }
  | { readonly op: typeof Op.Log; readonly record: LogRecord }
  /** Who has a name; only from agents that share memory. */
  | { readonly op: typeof Op.Ask; readonly question: Question }
  | { readonly op: typeof Op.Call; readonly id: number; readonly call: Call }
  | { readonly op: typeof Op.Cancel; readonly id: number }
  | Release
  | Left
  | Outcomes
  /** The call has given up the thread: its effect will be interrupted when the call is dropped, or is now. */
  | { readonly op: typeof Op.Hears; readonly sequence: number }
  /** It begins a call that is timed. */
  | { readonly op: typeof Op.Begun; readonly sequence: number }
  | {
      readonly op: typeof Op.Settled
      /** The sequence number after the last task that the runner passed. */
      readonly next: number
      /** Results of the tasks passed since the last report, in order; revoked tasks have none. */
      readonly values: ReadonlyArray<unknown>
      /** The failures among them, by index into `values`. */
      readonly failures: ReadonlyArray<readonly [index: number, failure: Failure]>
      /** Milliseconds that the tasks took. */
      readonly busy: number
      /** When each began and ended, in milliseconds since 1970. */
      readonly times?: ReadonlyArray<number>
      readonly memory?: Memory
    }
  | {
      readonly op: typeof Op.Dying
      readonly error: EncodedError
      /** It dies of a message that it cannot decode: sending those tasks to another agent would kill that one too. */
      readonly poisoned: boolean
    }
