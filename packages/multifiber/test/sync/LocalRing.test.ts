import { describe, expect, it } from "@effect/vitest"
import * as Agents from "@multifiber/kernel/Agents"
import { attach } from "@multifiber/kernel/Memory"
import * as Effect from "effect/Effect"
import { allocate, LocalRing, type Options } from "../../src/sync/LocalRing.ts"
import { NOTHING } from "../../src/sync/LocalTurn.ts"
import { tryTurn } from "../../src/sync/turning.ts"
import { Kind, type Message } from "../../src/wire/Message.ts"

const never = () => false

/** A ring as several agents have it. */
const make = (agents: number, given: Partial<Options> = {}): ReadonlyArray<LocalRing> => {
  const table = attach(new Int32Array(new SharedArrayBuffer(4 * Agents.WORDS)))
  const shared = allocate(0)
  const options = { most: 100, limit: Number.POSITIVE_INFINITY, isShut: never, isOver: never, ...given }
  return Array.from(
    { length: agents },
    () => new LocalRing(shared, { id: Agents.enter(table, 0), table }, options),
  )
}

const bytes = (length: number, value: number): Message => ({
  kind: Kind.Bytes,
  bytes: new Uint8Array(length).fill(value),
})

/** What a message says, and how long it is. */
const read = (message: Message): string =>
  typeof message === "number"
    ? `${message}`
    : `${new Set(message.bytes).values().next().value} × ${message.bytes.length}`

const LARGE = 200_000

describe("LocalRing", () => {
  it("puts into cells that another agent has made", () => {
    const [first, second, third] = make(3) as [LocalRing, LocalRing, LocalRing]
    first.put(bytes(LARGE, 1))
    second.put(2)
    expect([third.take(read), third.take(read)]).toEqual([`1 × ${LARGE}`, "2"])
  })

  it("takes what goes on beyond the cells that it knew", () => {
    const [first, second, late] = make(3) as [LocalRing, LocalRing, LocalRing]
    first.put(bytes(2 * LARGE, 1))
    second.take(read)
    // Begins anew at the first cell.
    first.put(1)
    second.take(read)
    // Its header is in a cell that the late one knows, its end is not.
    first.put(bytes(LARGE, 2))
    expect(late.take(read)).toBe(`2 × ${LARGE}`)
  })

  it("keeps nobody waiting for a message that was only tried to be put", () => {
    const [first, second, third] = make(3, { limit: 1000 }) as [LocalRing, LocalRing, LocalRing]
    const write = (ring: LocalRing, message: Message) =>
      Effect.runSync(
        tryTurn({
          check: () => {},
          turn: () => ring.writers,
          act: () => ring.put(message),
          tags: [],
          giveUp: () => ring.forgetNeed(),
        }),
      )
    expect([write(first, bytes(400, 1)), write(first, bytes(500, 2))]).toEqual([true, true])
    // The second waits.
    expect(second.put(bytes(150, 3))).toBe(NOTHING)
    expect(write(first, bytes(600, 4))).toBe(NOTHING)
    third.take(read)
    expect(third.writers.gate.meaning.isOpen(0, 1)).toBe(true)
  })

  it("looks for a while for what comes soon, but not for ever in a row", () => {
    let looks = 0
    const [ring] = make(1, { isOver: () => ++looks > 3 }) as [LocalRing]
    const answer = () => {
      if (looks <= 3) return NOTHING
      looks = 0
      return "answer"
    }
    const answers = Array.from({ length: 65 }, () => ring.readers.tryActSoon(answer))
    expect(answers).toEqual([...Array.from({ length: 64 }, () => "answer"), NOTHING])
  })

  it("looks for a while less and less often where nothing comes", () => {
    let looks = 0
    const isOver = () => {
      looks++
      return false
    }
    const [ring] = make(1, { isOver }) as [LocalRing]
    const isLong = Array.from({ length: 20 }, () => {
      looks = 0
      ring.readers.tryActSoon(() => NOTHING)
      return looks > 100
    })
    expect(isLong.flatMap((long, index) => (long ? [index] : []))).toEqual([0, 2, 6, 14])
  })
})
