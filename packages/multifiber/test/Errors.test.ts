import { describe, expect, it } from "@effect/vitest"
import * as Errors from "../src/Errors.ts"

const cause = new TypeError("no")

const errors: ReadonlyArray<readonly [Error & { readonly _tag: string }, string]> = [
  [
    new Errors.EncodingFailed({ task: "t", subject: "argument", value: "() => 1", cause }),
    'Cannot encode argument () => 1 of task "t": TypeError: no',
  ],
  [
    new Errors.NotTransferable({ task: "t", subject: "result", reason: "it is shared: copy it" }),
    'Cannot send result of task "t": it is shared: copy it',
  ],
  [new Errors.Unsupported({ feature: "f", reason: "r", instead: "i" }), "Cannot use f: r; use i"],
  [
    new Errors.WorkerLost({ task: "t", worker: "w", exitCode: -9 }),
    'Worker "w" ended with exit code -9 while it ran task "t"',
  ],
  [
    new Errors.WorkerLost({ task: "t", worker: "w", exitCode: 1, cause }),
    'Worker "w" ended with exit code 1 while it ran task "t": TypeError: no',
  ],
  [new Errors.TaskNotFound({ task: "t", url: "u", reason: "r" }), 'Cannot find task "t" of u: r'],
  [new Errors.ModuleNotLoaded({ task: "t", url: "u", cause }), 'Cannot load u for task "t": TypeError: no'],
  [new Errors.InitializerFailed({ url: "u", cause: "text" }), "Cannot build the layer of u: text"],
  [new Errors.StartFailed({ agent: "a", cause }), 'Cannot start "a": TypeError: no'],
  [
    new Errors.MainGuardMissing({ agent: "a" }),
    'Cannot start agents while "a" imports a task module: wrap the main program in Main.run(import.meta, program), ' +
      "or move the tasks into a module of their own",
  ],
  [
    new Errors.IllegalState({ operation: 'join "p"', state: "closed" }),
    'Cannot join "p": current state is closed',
  ],
  [
    new Errors.InvalidArgument({ argument: "size", value: 0, expected: "more" }),
    "Cannot use 0 as size: expected more",
  ],
  [new Errors.OutOfRange({ index: -8, length: 7 }), "Cannot reach index -8: the length is 7"],
  [new Errors.MissingKey({ key: "k" }), "There is no k"],
  [new Errors.ConcurrentModification({ what: "dict" }), "The dict was changed while it was gone through"],
  [new Errors.ManagerClosed({ manager: "m" }), 'The manager "m" has ended, or cannot be reached'],
  [new Errors.NotFound({ kind: "shared memory", id: "n" }), 'Cannot find shared memory "n"'],
  [
    new Errors.AlreadyExists({ kind: "shared memory", id: "n" }),
    'Cannot make shared memory "n": it exists already',
  ],
  [
    new Errors.PoolNotRunning({ state: "closed" }),
    "Cannot submit a task: current state of the pool is closed",
  ],
  [new Errors.PoolStillRunning(), "Cannot join the pool: close or terminate it first"],
  [new Errors.PoolTerminated({ task: "t" }), 'Task "t" was not done when its pool was terminated'],
  [new Errors.TaskInterrupted({ task: "t" }), 'Task "t" was interrupted in its agent'],
  [new Errors.TaskTimedOut({ task: "t", timeout: 20 }), 'Task "t" took longer than 20 ms'],
  [
    new Errors.InitializerFailed({ url: "file:///a.ts", task: "t", cause: new Error("no") }),
    'Cannot initialize with "t": Error: no',
  ],
  [new Errors.TimedOut({ operation: "get" }), "get took longer than its time-out"],
  [
    new Errors.OverRelease({ primitive: "Lock", reason: "nobody holds it" }),
    "Cannot release the Lock: nobody holds it",
  ],
  [new Errors.NotOwner({ primitive: "RLock" }), "The caller does not hold the RLock"],
  [new Errors.BrokenBarrier(), "Cannot pass the barrier: it is broken"],
  [
    new Errors.EncodingFailed({ subject: "message", value: "() => 1", cause }),
    "Cannot encode message () => 1: TypeError: no",
  ],
  [new Errors.Full(), "The queue is full"],
  [new Errors.Empty(), "The queue is empty"],
  [new Errors.Closed({ what: "queue" }), "This agent has closed the queue"],
  [new Errors.ShutDown(), "The queue is shut down"],
  [new Errors.Eof(), "The connection has ended: nobody can send any more, and everything was received"],
  [new Errors.BrokenPipe(), "The connection is broken: nobody can receive any more"],
  [new Errors.WrongDirection({ operation: "send" }), "Cannot send: this end of the pipe goes the other way"],
  [new Errors.BadLength({ length: 5, maxLength: 4 }), "The message has 5 bytes, more than 4"],
  [
    new Errors.BufferTooShort({ bytes: new Uint8Array(5), room: 4 }),
    "The message has 5 bytes, the buffer only room for 4",
  ],
  [
    new Errors.ListenFailed({ address: "127.0.0.1:80", cause }),
    "Cannot listen at 127.0.0.1:80: TypeError: no",
  ],
  [new Errors.ConnectFailed({ address: "/a", cause }), "Cannot connect to /a: TypeError: no"],
  [
    new Errors.AuthFailed({ peer: "/a", reason: "the client has no key" }),
    "Cannot trust /a: the client has no key",
  ],
  [new Errors.NotReady(), "Cannot tell whether the task was successful: it is not done"],
]

describe("Errors", () => {
  it.each(errors.map(([error, message]) => [error._tag, error, message] as const))(
    "%s is an Error whose message says what, and why",
    (_, error, message) => {
      expect(error).toBeInstanceOf(Error)
      expect(error.message).toBe(message)
      expect(String(error)).toContain(message)
    },
  )

  it("every error class is an entry above, but RemoteFailure, whose message is the remote one", () => {
    const classes = Object.keys(Errors).filter((name) => name !== "RemoteFailure")
    expect(classes.sort()).toEqual([...new Set(errors.map(([{ _tag }]) => _tag))].sort())
    const remote = new Errors.RemoteFailure({
      name: "RangeError",
      message: "far",
      fields: {},
      remoteStack: "",
      source: "t",
    })
    expect(remote).toMatchObject({ _tag: "RemoteFailure", name: "RangeError", message: "far" })
  })

  it("a cause that is hard to print does not hide the error", () => {
    const hostile = { toString: 1, valueOf: 1 }
    expect(new Errors.StartFailed({ agent: "a", cause: hostile }).message).toContain('Cannot start "a"')
    expect(
      new Errors.InvalidArgument({ argument: "size", value: hostile, expected: "more" }).message,
    ).toContain("size")
  })
})
