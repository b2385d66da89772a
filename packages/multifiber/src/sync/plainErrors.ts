/** Failures as plain code throws them: the classes of the same names need `effect`. */
import { describe } from "../wire/EncodedError.ts"

interface NotSupported {
  readonly feature: string
  readonly reason: string
  readonly instead: string
}

interface EncodingRefused {
  readonly subject: "argument" | "result" | "message"
  /** What the value prints as. */
  readonly value: string
  readonly cause: unknown
}

const messages = {
  InvalidArgument: ({
    argument,
    expected,
    value,
  }: {
    readonly argument: string
    readonly value: unknown
    readonly expected: string
  }) => `Cannot use ${describe(value)} as ${argument}: expected ${expected}`,
  OutOfRange: ({ index, length }: { readonly index: number; readonly length: number }) =>
    `Cannot reach index ${index}: the length is ${length}`,
  NotFound: ({ id, kind }: { readonly kind: string; readonly id: string }) => `Cannot find ${kind} "${id}"`,
  OverRelease: ({ primitive, reason }: { readonly primitive: string; readonly reason: string }) =>
    `Cannot release the ${primitive}: ${reason}`,
  NotOwner: ({ primitive }: { readonly primitive: string }) => `The caller does not hold the ${primitive}`,
  BrokenBarrier: (_: object) => "Cannot pass the barrier: it is broken",
  EncodingFailed: ({ cause, subject, value }: EncodingRefused) =>
    `Cannot encode ${subject} ${value}: ${cause instanceof Error ? cause.message : describe(cause)}`,
  MissingKey: ({ key }: { readonly key: unknown }) => `There is no ${describe(key)}`,
  ConcurrentModification: ({ what }: { readonly what: string }) =>
    `The ${what} was changed while it was gone through`,
  ManagerClosed: ({ manager }: { readonly manager: string }) =>
    `The manager "${manager}" has ended, or cannot be reached`,
  Full: (_: object) => "The queue is full",
  Empty: (_: object) => "The queue is empty",
  Closed: ({ what }: { readonly what: string }) => `This agent has closed the ${what}`,
  ShutDown: (_: object) => "The queue is shut down",
  Eof: (_: object) => "The connection has ended: nobody can send any more, and everything was received",
  BrokenPipe: (_: object) => "The connection is broken: nobody can receive any more",
  WrongDirection: ({ operation }: { readonly operation: string }) =>
    `Cannot ${operation}: this end of the pipe goes the other way`,
  BadLength: ({ length, maxLength }: { readonly length: number; readonly maxLength: number }) =>
    `The message has ${length} bytes, more than ${maxLength}`,
  BufferTooShort: ({ bytes, room }: { readonly bytes: Uint8Array; readonly room: number }) =>
    `The message has ${bytes.length} bytes, the buffer only room for ${room}`,
  TimedOut: ({ operation }: { readonly operation: string }) => `${operation} took longer than its time-out`,
  Unsupported: ({ feature, instead, reason }: NotSupported) =>
    `Cannot use ${feature}: ${reason}; use ${instead}`,
  IllegalState: ({ operation, state }: { readonly operation: string; readonly state: string }) =>
    `Cannot ${operation}: current state is ${state}`,
}

export type Tag = keyof typeof messages

export type FieldsOf<T extends Tag> = Parameters<(typeof messages)[T]>[0]

export const messageOf = <T extends Tag>(tag: T, fields: FieldsOf<T>): string =>
  (messages[tag] as (fields: FieldsOf<T>) => string)(fields)

export const plainError = <T extends Tag>(tag: T, fields: FieldsOf<T>): Error =>
  Object.assign(new Error(messageOf(tag, fields)), { name: tag, _tag: tag, ...fields })

export const isTag = (u: unknown): u is Tag => Object.hasOwn(messages, u as PropertyKey)

/** It is one of those failures, as plain code throws it or as an Effect fails with it. */
export const isPlain = (u: unknown): u is Error & { readonly _tag: Tag } =>
  u instanceof Error && "_tag" in u && isTag(u._tag)
