/** The fake does what real adapters do. */
import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as AsyncResult from "multifiber/AsyncResult"
import { type AgentListener, Platform } from "multifiber/Platform"
import * as Pool from "multifiber/Pool"
import * as Process from "multifiber/Process"
import * as FakePlatform from "../src/fakePlatform.ts"

/** Boots an agent whose runner says that it is ready, and logs what is told of it. */
const logged = () => {
  const log: Array<string> = []
  const listener: AgentListener = {
    onMessage: () => log.push("message"),
    onMessageError: () => log.push("messageError"),
    onExit: ({ code }) => log.push(`exit ${code}`),
    onGone: () => log.push("gone"),
  }
  return { log, listener }
}

/** The first message of a starter: who the agent is. */
const boot = {
  op: 6,
  boot: {
    version: 1,
    name: "fake",
    path: [1],
    daemon: true,
    startMethod: "thread",
    parent: { name: "MainProcess", pid: 1 },
    inherited: {},
    claims: new SharedArrayBuffer(64 + 4 * 8),
    lifetime: "worker",
  },
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

describe("fakePlatform", () => {
  for (const exitsInsideEnd of [false, true]) {
    it(`tells the exit once, after the last message, then gone (exits inside end: ${exitsInsideEnd})`, async () => {
      const { listener, log } = logged()
      const handle = FakePlatform.make({ exitsInsideEnd }).service.startThread("fake", listener)
      handle.post(boot)
      expect(log).toEqual([])
      await turns(3)
      handle.end(-9)
      handle.end(-15)
      expect(log.length).toBe(exitsInsideEnd ? 3 : 1)
      await turns(5)
      expect(log).toEqual(["message", "exit -9", "gone"])
    })
  }

  it("refuses a message that cannot be cloned at once", () => {
    const handle = FakePlatform.make().service.startThread("fake", logged().listener)
    expect(() => handle.post(() => {})).toThrow(/be cloned/)
  })

  it("fails the start it was told to fail, and counts holds", () => {
    const { holds, service } = FakePlatform.make({ failingStart: 2 })
    const start = () => service.startThread("fake", logged().listener)
    start()
    expect(start).toThrow("no thread left")
    start()
    service.hold()
    service.hold()
    service.release()
    expect(holds()).toBe(1)
  })

  it.live("runs pools and processes", () => {
    const fake = FakePlatform.make()
    const { fail, square } = FakePlatform.tasks({
      square: (n: number) => n * n,
      fail: () => {
        throw new TypeError("no")
      },
    })
    return Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      expect(yield* Pool.map(pool, square, [1, 2, 3])).toEqual([1, 4, 9])
      const failed = yield* Pool.applyAsync(pool, fail, [])
      expect(yield* Effect.flip(AsyncResult.get(failed))).toMatchObject({
        _tag: "RemoteFailure",
        name: "TypeError",
      })
      const process = yield* Process.make(square, [7])
      yield* Process.start(process)
      yield* Process.join(process)
      expect(yield* Process.result(process)).toEqual(Exit.succeed(49))
      expect(yield* yield* Process.exitCode(process)).toBe(0)
    }).pipe(
      Effect.scoped,
      Effect.provideService(Platform, fake.service),
      Effect.andThen(() => expect(fake.holds()).toBe(0)),
    )
  })
})
