import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as BaseProxy from "multifiber/BaseProxy"
import * as DictProxy from "multifiber/DictProxy"
import type { ConcurrentModification, InvalidArgument, MissingKey, OutOfRange } from "multifiber/Errors"
import * as ListProxy from "multifiber/ListProxy"
import type * as Lock from "multifiber/Lock"
import * as Manager from "multifiber/Manager"
import * as NamespaceProxy from "multifiber/NamespaceProxy"
import type * as Queue from "multifiber/Queue"
import * as SetProxy from "multifiber/SetProxy"
import type { Task } from "multifiber/Task"
import { describe, expect, it } from "tstyche"

class Account {
  readonly owner: string = ""
  deposit(amount: number): number {
    return amount
  }
  close(): Effect.Effect<boolean, string> {
    return Effect.succeed(true)
  }
  history(): Array<string> {
    return []
  }
  partner(): BaseProxy.BaseProxy<Account> {
    return BaseProxy.share(this)
  }
}

class Empty extends Schema.TaggedError<Empty>()("Empty", { account: Schema.String }) {}

declare const manager: Manager.Manager
declare const account: BaseProxy.BaseProxy<Account>
declare const dict: DictProxy.DictProxy<string, number>
declare const list: ListProxy.ListProxy<string>
declare const set: SetProxy.SetProxy<string>
declare const namespace: NamespaceProxy.NamespaceProxy<{ x: number; name: string }>
declare const states: DictProxy.DictProxy<"a" | "b", "on" | "off">
declare const mixed: ListProxy.ListProxy<unknown>
declare const optional: NamespaceProxy.NamespaceProxy<{ state?: "on" | "off" }>
declare const makeAccount: Task<[owner: string], Account>
declare const makeQueue: Task<[], Queue.Queue<number>>
declare const makeNumber: Task<[], number>
declare const count: Task<[Map<string, number>, string], number>

describe("what a manager makes", () => {
  it("has the types of what stays there", () => {
    expect(Manager.dict<string, number>(manager)).type.toBe<
      Effect.Effect<DictProxy.DictProxy<string, number>, BaseProxy.ProxyError | InvalidArgument, Scope.Scope>
    >()
    expect(Manager.list(manager, ["a"])).type.toBe<
      Effect.Effect<ListProxy.ListProxy<string>, BaseProxy.ProxyError, Scope.Scope>
    >()
    expect(Manager.lock(manager)).type.toBe<Effect.Effect<Lock.Lock, BaseProxy.ProxyError>>()
  })

  it("gives a proxy of an object, and anything else as it is", () => {
    expect(Manager.create(manager, makeAccount, ["me"])).type.toBe<
      Effect.Effect<BaseProxy.BaseProxy<Account>, BaseProxy.CallError, Scope.Scope>
    >()
    expect(Manager.create(manager, makeQueue, [])).type.toBe<
      Effect.Effect<Queue.Queue<number>, BaseProxy.CallError, Scope.Scope>
    >()
    expect(Manager.create(manager, makeNumber, [])).type.toBe<
      Effect.Effect<number, BaseProxy.CallError, Scope.Scope>
    >()
    expect(Manager.create).type.not.toBeCallableWith(manager, makeAccount, [1])
  })
})

describe("proxies", () => {
  it("have the methods of the object, whose results are waited for", () => {
    expect(BaseProxy.call(account, "deposit", 1)).type.toBe<Effect.Effect<number, BaseProxy.CallError>>()
    expect(BaseProxy.call(account, "close")).type.toBe<Effect.Effect<boolean, BaseProxy.CallError>>()
    expect(BaseProxy.call(account, "partner")).type.toBe<
      Effect.Effect<BaseProxy.BaseProxy<Account>, BaseProxy.CallError>
    >()
    expect(BaseProxy.stream(account, "history")).type.toBe<Stream.Stream<string, BaseProxy.CallError>>()
    expect(BaseProxy.call).type.not.toBeCallableWith(account, "deposit", "1")
    expect(BaseProxy.call).type.not.toBeCallableWith(account, "owner")
    expect(BaseProxy.call).type.not.toBeCallableWith(account, "nothing")
  })

  it("are changed by tasks that take what they are of", () => {
    expect(BaseProxy.modify(dict, count, "a")).type.toBe<
      Effect.Effect<number, BaseProxy.CallError | InvalidArgument>
    >()
    expect(BaseProxy.modify).type.not.toBeCallableWith(list, count, "a")
  })

  it("read errors by a schema", () => {
    const typed = BaseProxy.decodeError(BaseProxy.call(account, "deposit", 1), Empty)
    expect(typed).type.toBe<Effect.Effect<number, BaseProxy.CallError | Empty>>()
  })

  it("of containers have the types of their values", () => {
    expect(DictProxy.get(dict, "a")).type.toBe<Effect.Effect<Option.Option<number>, BaseProxy.ProxyError>>()
    expect(DictProxy.pop(dict, "a")).type.toBe<Effect.Effect<number, BaseProxy.ProxyError | MissingKey>>()
    expect(DictProxy.stream(dict)).type.toBe<
      Stream.Stream<string, BaseProxy.ProxyError | ConcurrentModification>
    >()
    expect(ListProxy.get(list, 0)).type.toBe<Effect.Effect<string, BaseProxy.ProxyError | OutOfRange>>()
    expect(NamespaceProxy.get(namespace, "x")).type.toBe<
      Effect.Effect<number, BaseProxy.ProxyError | MissingKey>
    >()
    expect(DictProxy.set).type.not.toBeCallableWith(dict, "a", "1")
    expect(ListProxy.sort).type.not.toBeCallableWith(account)
    expect(NamespaceProxy.set).type.not.toBeCallableWith(namespace, "name", 1)
  })

  it("may come last, and tell the types of keys and values", () => {
    type Lookup = Effect.Effect<Option.Option<number>, BaseProxy.ProxyError>
    expect(pipe(dict, DictProxy.get("a"))).type.toBe<Lookup>()
    expect(DictProxy.get("a")(dict)).type.toBe<Lookup>()
    expect(Effect.flatMap(Effect.succeed(dict), DictProxy.get("a"))).type.toBe<Lookup>()
    expect(pipe(states, DictProxy.setDefault("a", "on"))).type.toBe<
      Effect.Effect<"on" | "off", BaseProxy.ProxyError | InvalidArgument>
    >()
    expect(pipe(list, ListProxy.get(0))).type.toBe<Effect.Effect<string, BaseProxy.ProxyError | OutOfRange>>()
    expect(pipe(list, ListProxy.pop())).type.toBe<Effect.Effect<string, BaseProxy.ProxyError | OutOfRange>>()
    expect(pipe(list, ListProxy.concat(["b"]))).type.toBe<
      Effect.Effect<ReadonlyArray<string>, BaseProxy.ProxyError>
    >()
    expect(pipe(mixed, ListProxy.append(list))).type.toBe<Effect.Effect<void, BaseProxy.ProxyError>>()
    expect(pipe(set, SetProxy.union(["b"]))).type.toBe<Effect.Effect<Set<string>, BaseProxy.ProxyError>>()
    expect(pipe(namespace, NamespaceProxy.get("x"))).type.toBe<
      Effect.Effect<number, BaseProxy.ProxyError | MissingKey>
    >()
    expect(NamespaceProxy.get("x")(namespace)).type.toBe<
      Effect.Effect<number, BaseProxy.ProxyError | MissingKey>
    >()
    expect(NamespaceProxy.set("name", "a")(namespace)).type.toBe<Effect.Effect<void, BaseProxy.ProxyError>>()
    expect(pipe(optional, NamespaceProxy.set("state", "on"))).type.toBe<
      Effect.Effect<void, BaseProxy.ProxyError>
    >()
    expect(pipe(dict, BaseProxy.modify(count, "a"))).type.toBe<
      Effect.Effect<number, BaseProxy.CallError | InvalidArgument>
    >()
  })

  it("take no others where they come last", () => {
    // @ts-expect-error
    void pipe(dict, DictProxy.get(1))
    // @ts-expect-error
    void pipe(dict, DictProxy.set("a", "1"))
    // @ts-expect-error
    void pipe(states, DictProxy.has("c"))
    // @ts-expect-error
    void pipe(list, ListProxy.append(1))
    // @ts-expect-error
    void pipe(mixed, ListProxy.sort())
    // @ts-expect-error
    void pipe(set, SetProxy.add(1))
    // @ts-expect-error
    void pipe(namespace, NamespaceProxy.get("y"))
    // @ts-expect-error
    void pipe(namespace, NamespaceProxy.set("name", 1))
    // @ts-expect-error
    void NamespaceProxy.set("name", 1)(namespace)
    // @ts-expect-error
    void pipe(dict, BaseProxy.modify(count, 1))
    // @ts-expect-error
    void pipe(list, BaseProxy.modify(count, "a"))
  })
})
