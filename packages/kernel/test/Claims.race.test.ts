import { Worker } from "node:worker_threads"
import { expect, it } from "@effect/vitest"
import * as Claims from "@multifiber/kernel/Claims"

const TASKS = 2 ** 17
const HEAT = 2 ** 10

const race = (buffer: SharedArrayBuffer, gate: Int32Array, side: "runner" | "sender") =>
  new Promise<Uint8Array>((resolve, reject) => {
    const worker = new Worker(new URL("./fixtures/racer.ts", import.meta.url), {
      workerData: { buffer, gate, heat: HEAT, side, tasks: TASKS },
    })
    worker.on("message", resolve)
    worker.on("error", reject)
  })

it("two threads that race for the same claims win each exactly once", { timeout: 30_000 }, async () => {
  const buffer = Claims.allocate(TASKS)
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const [began, revoked] = await Promise.all([race(buffer, gate, "runner"), race(buffer, gate, "sender")])
  const claims = Claims.attach(buffer)
  const total = { began: 0, revoked: 0, wrong: 0 }
  for (let sequence = 0; sequence < TASKS; sequence++) {
    const runs = began[sequence] === 1
    const owners = (runs ? 1 : 0) + (revoked[sequence] ?? 0)
    if (owners !== 1 || Claims.state(claims, sequence) !== (runs ? "done" : "revoked")) total.wrong++
    if (runs) total.began++
    else total.revoked++
  }
  expect(total.wrong).toBe(0)
  // Not a race unless both sides won some.
  expect(total.began).toBeGreaterThan(0)
  expect(total.revoked).toBeGreaterThan(0)
})
