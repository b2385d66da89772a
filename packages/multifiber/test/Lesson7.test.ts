/** The lesson about managers: the very programs of the examples. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { run } from "@multifiber/testkit/program"
import * as Effect from "effect/Effect"

const program = (name: string) => new URL(`../../../examples/lesson7/${name}.ts`, import.meta.url)

it.live(
  "lesson 7: workers count together in a manager, and not without one",
  () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* run(program("main"), { seconds: 60 })
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(stdout.trimEnd().split("\n")).toEqual([
        "4 workers count to 100",
        "in copies: 0",
        "in a manager, with a lock: 100",
        "in a manager, in one step: 100",
      ])
    }),
  70_000,
)

it.scopedLive(
  "lesson 7: two programs share a queue of jobs",
  () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "multifiber-lesson-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
      )
      const args = [join(folder, "socket")]
      const [server, client] = yield* Effect.all(
        [run(program("server"), { args, seconds: 60 }), run(program("client"), { args, seconds: 60 })],
        { concurrency: 2 },
      )
      expect({ code: server.code, stdout: server.stdout, stderr: server.stderr }).toEqual({
        code: 0,
        stdout: '[["lock",3],["queue",1],["pool",1]]\n',
        stderr: "",
      })
      expect({ code: client.code, stdout: client.stdout, stderr: client.stderr }).toEqual({
        code: 0,
        stdout: "worked\n",
        stderr: "",
      })
    }),
  70_000,
)
