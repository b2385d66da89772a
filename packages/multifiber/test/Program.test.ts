/** Whole programs: when they end, with which code, and what they print. */
import { describe, expect, it } from "@effect/vitest"
import { type Ended, type Options, run } from "@multifiber/testkit/program"
import * as Effect from "effect/Effect"

const BOUND = 90_000

const file = (name: string): URL => new URL(`./programs/${name}.ts`, import.meta.url)

const program = (
  name: string,
  how: readonly [file: string, ...args: ReadonlyArray<string>],
  check: (ended: Ended) => void,
  options: Options = {},
): void =>
  it.live(
    name,
    () => {
      const [which, ...args] = how
      return Effect.map(run(file(which), { args, seconds: 80, ...options }), (ended) => {
        expect(ended).toMatchObject({ timedOut: false, signal: undefined })
        check(ended)
      })
    },
    BOUND,
  )

/** Ends with a code, having printed this and nothing to stderr. */
const clean = (code: number, stdout: string) => (ended: Ended) =>
  expect(ended).toMatchObject({ code, stdout, stderr: "" })

describe("Main.run", () => {
  program("ends with code 0 after success", ["guarded", "success"], clean(0, "done\n"))
  program("leaves the exit code of a successful program alone", ["guarded", "own exit code"], clean(4, ""))

  for (const [how, text] of [
    ["failure", "the program failed"],
    ["defect", "the program broke"],
  ] as const) {
    program(`ends with code 1 after a ${how}, which it prints`, ["guarded", how], (ended) => {
      expect(ended.code).toBe(1)
      expect(ended.stdout + ended.stderr).toContain(text)
    })
  }

  for (const startMethod of ["thread", "spawn"]) {
    program(
      `POOL-51 runs tasks that stand in the main module [${startMethod}]`,
      ["guarded", "tasks in the main module", startMethod],
      clean(0, "1 4 9\n"),
    )
  }

  program(
    "does not run in a module that is not the program's entry",
    ["imports", "success"],
    clean(0, "imported\n"),
  )

  program(
    "FIN-09 every public module can be imported, prints nothing and keeps nothing alive",
    ["importsAll"],
    clean(0, ""),
  )

  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    program(
      `${name} interrupts the program and the effects in its agents: code ${code}`,
      ["guarded", "until a signal"],
      (ended) => {
        expect(ended.code).toBe(code)
        expect(ended.stdout).toBe("ready\ninterrupted: 3\n")
      },
      { signal: { name, after: "ready" } },
    )
  }

  program(
    "SIGINT ends a program with a busy worker, too",
    ["guarded", "until a signal, busy"],
    (ended) => {
      expect(ended.code).toBe(130)
      expect(ended.stdout).toBe("ready\ninterrupted: 2\n")
      expect(ended.sinceSignal).toBeLessThan(15_000)
    },
    { signal: { name: "SIGINT", after: "ready" } },
  )

  program(
    "SIGINT ends a program that waits for the end of a child",
    ["guarded", "joins a child at its end"],
    (ended) => {
      expect(ended.code).toBe(130)
      expect(ended.stdout).toBe("ready\nfinalizer ran\n")
    },
    { signal: { name: "SIGINT", after: "ready" } },
  )

  program("ends with an idle pool", ["guarded", "idle pool"], clean(0, "done\n"))
  program(
    "a process that is killed while it waits for a lock says nothing of it",
    ["guarded", "a process that is killed while it waits for a lock"],
    clean(0, "-9\n"),
  )
  program(
    "ends with a pool whose tasks are not done",
    ["guarded", "tasks that are not done"],
    clean(0, "done\n"),
  )

  program(
    "process.exit with busy workers ends the program at once",
    ["guarded", "process.exit with busy workers"],
    (ended) => {
      expect(ended.code).toBe(6)
    },
  )
})

for (const method of ["thread", "spawn"] as const) {
  describe(`Main.run with children by ${method}`, () => {
    program(
      `PROC-30 waits for a child that is not daemonic [${method}]`,
      ["guarded", "child that is not daemonic", method],
      clean(0, "main is done\nchild is done\n"),
    )
    program(
      `PROC-30 ends a child that is daemonic [${method}]`,
      ["guarded", "child that is daemonic", method],
      clean(0, "main is done\n"),
    )

    program(
      `PROC-23 a process that fails prints its error and the place [${method}]`,
      ["guarded", "a process that fails", method],
      (ended) => {
        expect(ended).toMatchObject({ code: 0, stdout: "Some\n" })
        expect(ended.stderr).toContain("RangeError: wrong in the child")
        expect(ended.stderr).toMatch(/failHere.*tasks\.[jt]s/)
      },
    )
    program(
      `PROC-25 a process that throws a text ends with code 1 and prints it [${method}]`,
      ["guarded", "a process that throws a text", method],
      (ended) => {
        expect(ended).toMatchObject({ code: 0, stdout: "1\n" })
        expect(ended.stderr).toContain("only text")
      },
    )
    program(
      `PROC-25 a process that throws a list ends with code 1 and prints it [${method}]`,
      ["guarded", "a process that throws a list", method],
      (ended) => {
        expect(ended).toMatchObject({ code: 0, stdout: "1\n" })
        expect(ended.stderr).toMatch(/left.*right/s)
      },
    )

    program(
      `PROC-19 the arguments of a process that has ended are let go, while its handle is held [${method}]`,
      ["guarded", "arguments are let go", method],
      clean(0, "let go true\n"),
      {
        flags: "Deno" in globalThis ? ["--v8-flags=--expose-gc"] : "Bun" in globalThis ? [] : ["--expose-gc"],
      },
    )

    program(
      `SIGINT stops the children in order: effects are interrupted, busy ones ended [${method}]`,
      ["guarded", "children that wait and children that are busy", method],
      (ended) => {
        expect(ended.code).toBe(130)
        expect(ended.stdout).toBe("ready\ninterrupted: 4\n")
        expect(ended.sinceSignal).toBeLessThan(15_000)
      },
      { signal: { name: "SIGINT", after: "ready" } },
    )
  })
}

/** Its output is closed when the last of its children is gone: they have inherited it. */
it.live(
  "no child of a program that is killed survives it for 2 s, busy or not [spawn]",
  () =>
    Effect.map(
      run(file("guarded"), {
        args: ["children that wait and children that are busy", "spawn"],
        signal: { name: "SIGKILL", after: "ready" },
        seconds: 60,
      }),
      (ended) => {
        expect(ended).toMatchObject({ signal: "SIGKILL", timedOut: false, stdout: "ready\n" })
        expect(ended.sinceSignal).toBeLessThan(2000)
      },
    ),
  90_000,
)

if ("Deno" in globalThis) {
  program(
    "Deno, where it may not run a shell, warns that nothing ends what is busy, and starts processes all the same",
    ["guarded", "tasks in the main module", "spawn"],
    (ended) => {
      expect(ended).toMatchObject({ code: 0, stdout: "1 4 9\n" })
      expect(ended.stderr.match(/there is no \/bin\/sh to end them/g)).toHaveLength(1)
    },
    { flags: ["--deny-run=/bin/sh"] },
  )
}

describe("A program without Main.run", () => {
  for (const [how, stdout] of [
    ["waits for a pool to start", "started\n"],
    ["waits for apply", "late\nlate\n"],
    ["waits for a result", "late\nlate\n"],
    ["waits for join", "late\njoined\n"],
    ["waits for a daemonic process", "late\njoined\n"],
    ["waits for the result of a daemonic process", "late\nlate\n"],
    ["leaves a pool with a task that runs", "late\n"],
    ["leaves an idle pool", "left\n"],
    ["leaves a daemonic process", "left\n"],
    ["leaves a process that is not daemonic", "left\nlate\n"],
  ] as const) {
    const meaning = how.startsWith("waits") || stdout.endsWith("late\n") ? "stays alive" : "ends"
    program(`that ${how} ${meaning}`, ["bare", how], clean(0, stdout))
  }

  for (const which of ["unguardedPool", "unguardedProcess"]) {
    program(
      `and without a guard fails with an error that names the guard, once (${which})`,
      [which],
      (ended) => {
        expect(ended.code).toBe(1)
        expect(ended.stdout).toBe("top level\ntop level\n")
        expect(ended.stderr).toContain("Main.run(import.meta")
      },
    )
  }
})
