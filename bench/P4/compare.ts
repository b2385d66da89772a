// Runs a workload three ways by turns in one process, so that whatever slows the machine down, or the code on it, meets
// all of them: V8 may make any of them several times slower for good (see README.md), which no warm-up shows.
import process from "node:process"
import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import { Pool } from "multifiber"
import { median, quantile } from "simple-statistics"
import { report, settings } from "../contender.ts"
import type { Workload } from "./Workload.ts"

const LEAST_ROUNDS = 3

interface Run {
  readonly wall: number
  /** Processor time of the whole process meanwhile. */
  readonly cpu: number
}

interface Round {
  readonly serial: Run
  readonly pooled: Run
  readonly bare: Run
}

/** The workload is made on the main thread only: workers import its module too. */
export const compare = <Answer>(make: () => Workload<Answer>) =>
  Effect.gen(function* () {
    const { name, serial, pooled, bare, check } = make()
    const pool = yield* Pool.make({ size: settings.workers })
    const runBare = yield* Effect.promise(() => bare(settings.workers))
    const expected = serial()
    check(expected)

    const timed = <E>(run: Effect.Effect<Answer, E>) =>
      Effect.gen(function* () {
        const used = process.cpuUsage()
        const begin = performance.now()
        const answer = yield* run
        const wall = performance.now() - begin
        const { system, user } = process.cpuUsage(used)
        if (!isDeepStrictEqual(answer, expected)) throw new Error(`${name}: the answers differ`)
        return { wall, cpu: (system + user) / 1000 } satisfies Run
      })
    const round = Effect.all({
      serial: timed(Effect.sync(serial)),
      pooled: timed(pooled(pool)),
      bare: timed(Effect.promise(runBare)),
    })
    const roundsFor = (seconds: number, least: number) =>
      Effect.gen(function* () {
        const rounds: Array<Round> = []
        const end = performance.now() + seconds * 1000
        while (rounds.length < least || performance.now() < end) rounds.push(yield* round)
        return rounds
      })

    yield* roundsFor(settings.warmUpSeconds, 1)
    const rounds = yield* roundsFor(settings.seconds, LEAST_ROUNDS)
    const medianOf = (figure: (round: Round) => number): number => median(rounds.map(figure))
    const times = rounds.map(({ serial }) => serial.wall)
    report({
      [name]: medianOf(({ pooled, serial }) => serial.wall / pooled.wall),
      [`${name}: processor time`]: medianOf(({ pooled, serial }) => pooled.cpu / serial.cpu),
      [`${name}: bare workers`]: medianOf(({ bare, serial }) => serial.wall / bare.wall),
      [`${name}: bare cores`]: medianOf(({ bare }) => bare.cpu / bare.wall),
      [`${name}: serial cores`]: medianOf(({ serial }) => serial.cpu / serial.wall),
      [`${name}: serial, ms`]: median(times),
      [`${name}: serial spread`]: (quantile(times, 0.9) - quantile(times, 0.1)) / median(times),
    })
  })
