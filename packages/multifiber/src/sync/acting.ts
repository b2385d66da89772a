/** What can be done to a primitive at once, here or by the starter, as Effects. */
import * as Effect from "effect/Effect"
import type { User } from "../agent/Membership.ts"
import { attempt, type Failure } from "./attempting.ts"
import type { Tag } from "./plainErrors.ts"
import { RemoteSide } from "./RemoteSide.ts"
import { callRemote } from "./remote.ts"

/** By their names, each with what an agent keeps of the primitive. They never wait. */
export type Actions<Local> = Readonly<Record<string, (local: Local, ...args: ReadonlyArray<any>) => unknown>>

type Rest<F> = F extends (local: any, ...args: infer Args) => unknown ? Args : never

/** An action as an Effect, which fails with what it throws of these kinds. Once it is asked for, it is done. */
export const acting =
  <Handle, Local extends object, A extends Actions<Local>>(
    sideOf: (self: Handle) => Local | RemoteSide,
    actions: A,
  ) =>
  <K extends keyof A & string, T extends Tag = never>(
    self: Handle,
    name: K,
    args: Rest<A[K]>,
    ...tags: ReadonlyArray<T>
  ): Effect.Effect<ReturnType<A[K]>, Failure<T>> =>
    Effect.suspend(() => {
      const side = sideOf(self)
      if (!(side instanceof RemoteSide)) {
        return attempt(() => actions[name]?.(side, ...args) as ReturnType<A[K]>, ...tags)
      }
      const asked = callRemote<ReturnType<A[K]>, T>(side, name, args, tags)
      return Effect.uninterruptible(asked) as Effect.Effect<ReturnType<A[K]>, Failure<T>>
    })

/** The operations on a kind of handle. */
export type Operations<Handle> = Readonly<
  Record<string, (handle: Handle, ...args: ReadonlyArray<any>) => Effect.Effect<unknown, object>>
>

/** What an agent keeps of a primitive, be it this one or another. */
export type SideOf = (handle: any) => any

/** What an agent does to a kind of primitive for others. */
export interface Hosted {
  readonly typeId: string
  /** What the other agent keeps of it. */
  readonly sideFor: (handle: any, guest: { readonly user: User }, sideOf: SideOf) => object
  readonly actions: Actions<any>
  /** Operations that may wait. */
  readonly effects: Operations<any>
}
